// The search in the tab Messages: found as it goes, stopped, gone on with; wrong filters; what is not searched is said.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { looking, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';
import { record } from '../stand-in/records.ts';

const TOPIC = '/topics/orders.events.v1';
const searching = (where, more = '') => `${TOPIC}?where=${encodeURIComponent(where)}${more}`;
const DECLINED = 'value.reason == "card_declined"'; // a quarter of 640
const offsets = (page) => page.locator('tbody button.name').allTextContents();
const held = (world) => {
  let release;
  world.hold = new Promise((done) => (release = done));
  return release;
};

test('typed, begun with Enter, found to the end, and in the address', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + TOPIC);
      await settled(page);
      await page.keyboard.press('/');
      await page.keyboard.type(DECLINED);
      await page.keyboard.press('Enter');
      await page.getByText('All that was there when the search began was looked at').waitFor();
      const panel = page.getByRole('region', { name: 'Search' });
      assert.match(await panel.textContent(), /^160 matches.*looked at 640 records.*100 %/);
      assert.equal(new URL(page.url()).searchParams.get('where'), DECLINED);
      assert.deepEqual((await offsets(page)).slice(0, 3), ['4318204', '4318200', '4318196']);
      await page.reload();
      await page.getByText('All that was there').waitFor();
      assert.match(await panel.textContent(), /^160 matches/);
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('region', { name: 'Partition 0, offset 4318204' }).waitFor();
      await page.keyboard.press(']');
      await page.getByRole('region', { name: 'Partition 8, offset 4318200' }).waitFor();
    }),
  ));

test('words are looked for as they stand, oldest first', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + searching('card_declined', '&from=oldest'));
      await page.getByText('All that was there').waitFor();
      const [first, second] = await offsets(page);
      assert.ok(Number(first) < Number(second));
    }),
  ));

test('Stop ends the stream and keeps what is there; Continue finds the rest, and nothing twice', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      held(world);
      await page.goto(url + searching(DECLINED));
      const panel = page.getByRole('region', { name: 'Search' });
      await panel.getByText(/^10 matches/).waitFor();
      await page.keyboard.press('Escape');
      await page.getByText('Stopped. Continue goes on where it is').waitFor();
      for (let tries = 0; tries < 600 && world.closed === 0; tries++) await page.waitForTimeout(100);
      assert.equal(world.closed, 1);
      assert.equal((await offsets(page)).length, 10);
      world.hold = undefined;
      const asked = page.waitForRequest(/cursor=40\.10/);
      await panel.getByRole('button', { name: 'Continue' }).click();
      await asked;
      await page.getByText('All that was there').waitFor();
      assert.match(await panel.textContent(), /^160 matches/);
      await page.locator('tbody tr[data-row="12"]').waitFor();
      const seen = await offsets(page);
      assert.equal(new Set(seen).size, seen.length);
    }),
  ));

test('a connection that is cut in mid-stream keeps what was found, says so, and is gone on with', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ cut: true, allowed: /ERR_INCOMPLETE_CHUNKED_ENCODING/ }, async (page) => {
      let cut;
      world.cut = new Promise((now) => (cut = now));
      await page.goto(url + searching(DECLINED));
      const panel = page.getByRole('region', { name: 'Search' });
      await panel.getByText('10 matches').waitFor();
      cut();
      await page.getByText('The connection was cut. Continue goes on').waitFor();
      assert.match(await panel.textContent(), /^10 matches/);
      world.cut = undefined;
      await panel.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('All that was there').waitFor();
      assert.match(await panel.textContent(), /^160 matches/);
    }),
  ));

test('a filter that is wrong is marked where it is wrong, and not searched with', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      const searches = [];
      page.on('request', (request) => request.url().includes('/search?') && searches.push(request.url()));
      await page.goto(url + searching('value.sttus == 1'));
      await page.getByRole('heading', { name: 'This filter cannot be used' }).waitFor();
      assert.equal(await page.locator('.mistake mark').textContent(), 'sttus');
      assert.equal(searches.length, 0);
      const box = page.getByLabel('Filter', { exact: true });
      await page.locator('input[aria-invalid="true"]').waitFor();
      await box.focus();
      await page.keyboard.press('Enter');
      assert.deepEqual(await box.evaluate(({ selectionStart, selectionEnd }) => [selectionStart, selectionEnd]), [6, 11]);
      await page.getByRole('button', { name: 'Use status' }).click();
      assert.equal(await box.inputValue(), 'value.status == 1');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'No record matches' }).waitFor();
      assert.equal(searches.length, 1);
    }),
  ));

test('partitions that are not searched are named, those that fail with their reason', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      world.elsewhere = [3, 7];
      world.failed = { problem: 'NOT_LEADER_OR_FOLLOWER: this broker has no replica' };
      await page.goto(url + searching(DECLINED));
      await page.getByText('Not searched: partitions 3, 7').waitFor();
      await page.getByText('partition 0 (NOT_LEADER_OR_FOLLOWER').waitFor();
      await page.getByText('1 partition cannot be read now').waitFor();
    }),
  ));

test('a topic that was deleted under a search refuses to go on, in the server’s words', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ refused: [404] }, async (page) => {
      held(world);
      await page.goto(url + searching(DECLINED));
      await page.getByText(/^10 matches/).first().waitFor();
      await page.getByRole('button', { name: /Stop/ }).click();
      world.topics = world.topics.filter(({ name }) => name !== 'orders.events.v1');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('There is no topic orders.events.v1').first().waitFor();
    }),
  ));

test('a search of many matches ends with 500 of them, goes on to 5000, and the tab does not grow', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      for (let n = 0; n < 6000; n++) world.written.unshift({ ...record(0), offset: 9_000_000 + n });
      await page.goto(url + searching('FAILED'));
      const more = page.getByRole('button', { name: 'Continue' });
      for (let run = 1; run <= 9; run++) {
        await page.getByText(`${run * 500} matches. There may be more`).waitFor();
        await more.click();
      }
      await page.getByText('No more than 5000 are kept here').waitFor();
      assert.equal(await more.count(), 0);
      assert.ok((await page.locator('*').count()) < 2500);
    }),
  ));

test('a value of the open record becomes a part of the filter', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + searching('value.attempt == 1', '&record=5:4318203'));
      const pane = page.getByRole('region', { name: 'Partition 5, offset 4318203' });
      await pane.getByRole('button', { name: '"risk_score"' }).click();
      await pane.getByRole('button', { name: 'Filter', exact: true }).click();
      await page.waitForFunction(() => location.search.includes('risk_score'));
      assert.equal(new URL(page.url()).searchParams.get('where'), 'value.attempt == 1 && value.reason == "risk_score"');
    }),
  ));

test('a field of the open record becomes a column, which is in the address and can be taken away', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(`${url + TOPIC}?record=5:4318203`);
      const pane = page.getByRole('region', { name: 'Partition 5, offset 4318203' });
      await pane.getByRole('button', { name: '"risk_score"' }).click();
      await pane.getByRole('button', { name: 'Column', exact: true }).click();
      await page.getByRole('columnheader', { name: 'reason' }).waitFor();
      await page.getByRole('cell', { name: 'insufficient_funds', exact: true }).first().waitFor();
      await page.reload();
      await page.getByRole('columnheader', { name: 'reason' }).waitFor();
      await page.goto(url + searching(DECLINED, '&columns=value.amount'));
      await page.getByRole('cell', { name: '672.27', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Remove the column value.amount' }).click();
      await page.getByRole('columnheader', { name: 'amount' }).waitFor({ state: 'detached' });
      assert.equal(new URL(page.url()).searchParams.get('columns'), null);
    }),
  ));

test('what was found is saved in a file, and the file is planned and written', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ acceptDownloads: true }, async (page) => {
      await page.goto(url + searching(DECLINED, '&from=oldest'));
      await page.getByText('All that was there').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Save as NDJSON' }).click(),
      ]);
      assert.equal(download.suggestedFilename(), 'orders.events.v1.ndjson');
      const text = await readFile(await download.path(), 'utf8');
      assert.match(text.split('\n')[0], /^\{"partition":\d+,"offset":\d+,"timestamp":\d+,"key":\{"text":"cust-/);
      await page.getByRole('button', { name: 'Produce', exact: true }).click();
      await page.getByRole('button', { name: 'From a file' }).click();
      const drawer = page.getByRole('dialog', { name: /Write records of a file/ });
      const file = (body) => ({ name: 'x.ndjson', mimeType: 'application/x-ndjson', buffer: Buffer.from(body) });
      await drawer.locator('input[type=file]').setInputFiles(file('{"value":{"text":"a"}}\n{"valeu":{"text":"b"}}\n'));
      await drawer.getByText('Line 2: A record has no "valeu"').waitFor();
      assert.equal(await drawer.getByRole('button', { name: /^Write/ }).isDisabled(), true);
      assert.equal(world.written.length, 0);
      await drawer.locator('input[type=file]').setInputFiles(file('{"value":{"text":"a"}}\n{"key":{"text":"k"},"partition":4}\n'));
      await drawer.getByText('1 to the partition that the file names').waitFor();
      assert.equal(world.written.length, 0, 'a plan writes nothing');
      await drawer.getByRole('button', { name: 'Write 2 records' }).click();
      await drawer.getByText('2 of 2 are written').waitFor();
      assert.deepEqual(world.written.map(({ value }) => value.text), ['', 'a']);
    }),
  ));

// The records of a topic: listed, opened, followed, written; what strangers wrote is text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';
import { payload, record } from '../stand-in/records.ts';

const TOPIC = '/topics/orders.events.v1';
const offsets = (page) => page.locator('tbody button.name').allTextContents();

test('records are listed newest first, and scrolling reads on to the last one', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + TOPIC);
      await settled(page);
      assert.deepEqual((await offsets(page)).slice(0, 3), ['4318204', '4318203', '4318202']);
      await page.getByText('tombstone').first().waitFor();
      const last = page.getByRole('button', { name: String(4_318_204 - 639), exact: true });
      for (let tries = 0; tries < 600 && !(await last.count()); tries++) {
        await page.locator('.scroll').evaluate((box) => (box.scrollTop = box.scrollHeight));
        await page.waitForTimeout(100);
      }
      await last.waitFor();
      await page.getByText('no more are there').waitFor();
      assert.ok((await page.locator('*').count()) < 2500);
    }),
  ));

test('a record opens in whole, exact; its address brings it back', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + TOPIC);
      await settled(page);
      await page.getByRole('button', { name: '4318203', exact: true }).click();
      const pane = page.getByRole('region', { name: 'Partition 5, offset 4318203' });
      await pane.getByText('9223372036854775806').waitFor();
      assert.equal(new URL(page.url()).search, '?record=5%3A4318203');
      await pane.getByRole('button', { name: 'Fold value.user' }).click();
      await pane.getByText('3 members').waitFor();
      await pane.getByRole('button', { name: 'Headers' }).click();
      await pane.getByText('trace-id').waitFor();
      await page.reload();
      await page.getByText('trace-id').waitFor();
      await page.getByRole('button', { name: 'Value', exact: true }).click();
      const download = page.getByRole('link', { name: 'Download' });
      assert.match(await download.getAttribute('href'), /\/api\/v1\/topics\/orders\.events\.v1\/records\/5\/4318203\/value$/);
      await page.keyboard.press(']');
      await page.getByRole('region', { name: 'Partition 10, offset 4318202' }).waitFor();
      await page.keyboard.press('[');
      await page.getByRole('region', { name: 'Partition 5, offset 4318203' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('region', { name: /offset/ }).waitFor({ state: 'detached' });
    }),
  ));

test('with the keyboard alone: to a record, and the link to it copied', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.goto(url + TOPIC);
      await settled(page);
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.getByRole('region', { name: 'Partition 5, offset 4318203' }).waitFor();
      await page.keyboard.press('y');
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
      assert.match(page.url(), /record=5%3A4318203/);
    }),
  ));

test('what cannot be read says why, and shows its bytes', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(`${url + TOPIC}?record=5:${4_318_204 - 13}`);
      await page.getByText('Avro, byte 1: schema 7: Schema not found').waitFor();
      await page.locator('.payload').getByText('0000000007fe01').waitFor();
    }),
  ));

test('live, what comes is drawn first, the rest is counted, and the tab does not grow', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + TOPIC + '?from=live');
      await page.getByText('Waiting for records').waitFor();
      const come = (count) => {
        for (let n = 0; n < count; n++) world.written.unshift({ ...record(1), offset: 9_000_000 + world.written.length });
      };
      come(3);
      await page.getByRole('button', { name: '9000002', exact: true }).waitFor({ timeout: 60_000 });
      come(500);
      await page.getByText('450 more came than are drawn').waitFor({ timeout: 60_000 });
      assert.ok((await page.locator('*').count()) < 2500);
      // Rows hold still under the pointer.
      await page.locator('tbody tr[data-row="2"]').hover();
      const before = await offsets(page);
      come(3);
      await page.waitForTimeout(2500); // two beats and more
      assert.deepEqual(await offsets(page), before);
      await page.mouse.move(5, 5);
      await page.getByRole('button', { name: String(9_000_000 + world.written.length - 1), exact: true }).waitFor({ timeout: 60_000 });
    }),
  ));

test('where to begin is asked for, checked while it is typed, and in the address', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + TOPIC);
      await settled(page);
      await page.getByRole('link', { name: 'Time', exact: true }).click();
      await page.getByText('From which time?').waitFor();
      await page.getByLabel('From time').fill('soon');
      await page.keyboard.press('Enter');
      assert.equal(await page.getByLabel('From time').getAttribute('aria-invalid'), 'true');
      await page.getByLabel('From time').fill('-6h');
      const asked = page.waitForRequest(/records\?from=time&time=\d{13}&limit=/);
      await page.keyboard.press('Enter');
      await asked;
      await page.getByLabel('Partitions').fill('3, 7');
      const chosen = page.waitForRequest(/partitions=3%2C7/);
      await page.keyboard.press('Enter');
      await chosen;
      const read = page.waitForRequest(/value=hex/);
      await page.getByLabel('Values as').selectOption('hex');
      await read;
      assert.match(page.url(), /from=time&start=-6h&partitions=3%2C7&value=hex/);
    }),
  ));

test('a record is typed and written; what is wrong says where; one is written again', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ refused: [422] }, async (page) => {
      await page.goto(url + TOPIC);
      await settled(page);
      await page.getByRole('button', { name: 'Produce', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: /Produce to/ });
      await dialog.getByLabel('Value as').selectOption('int32');
      await dialog.getByLabel('Value', { exact: true }).fill('seven');
      await dialog.getByRole('button', { name: 'Write the record' }).click();
      await dialog.getByText('/value/text has to be a whole number of 32 bits').waitFor();
      await dialog.getByLabel('Value as').selectOption('text');
      await dialog.getByLabel('Partition').fill('4');
      await dialog.getByLabel('No key').uncheck();
      await dialog.getByLabel('Key', { exact: true }).fill('k-1');
      await dialog.getByRole('button', { name: 'Add a header' }).click();
      await dialog.getByLabel('Name of header 1').fill('trace');
      await dialog.getByRole('button', { name: 'Write the record' }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByRole('region', { name: 'Partition 4, offset 5000000' }).waitFor();
      assert.equal(world.written[0].value.text, 'seven');
      assert.equal(world.written[0].key.text, 'k-1');
      await page.getByRole('button', { name: 'Produce again' }).click();
      await dialog.getByLabel('Value', { exact: true }).waitFor();
      await page.waitForFunction(() => document.querySelector('dialog textarea')?.value !== '');
      await dialog.getByRole('button', { name: 'Write the record' }).click();
      await dialog.waitFor({ state: 'detached' });
      assert.equal(world.written[0].value.text, 'seven');
      assert.equal(world.written.length, 2);
    }),
  ));

test('a console that only reads offers no writing', () =>
  standing({ topics: 20 }, ({ url, world }) => {
    world.readOnly = true;
    return looking({}, async (page) => {
      await page.goto(`${url + TOPIC}?record=5:4318203`);
      await page.getByRole('link', { name: 'Download' }).waitFor();
      assert.equal(await page.getByRole('button', { name: /Produce/ }).count(), 0);
    });
  }));

const MARKUP = '<img src=x onerror="document.title=1">';
const TURNED = 'abc\u202Egnp.exe\u0000';

for (const colorScheme of ['light', 'dark']) {
  test(`hostile payloads in every field are text only (${colorScheme})`, () =>
    standing({ topics: 20 }, ({ url, world }) => {
      const texts = [MARKUP, '</script><script>document.title=1</script>', TURNED, 'x'.repeat(1 << 20)];
      texts.forEach((text, n) =>
        world.written.push({
          ...record(0),
          offset: 9_000_000 + n,
          key: payload('text', text),
          value: payload('json', JSON.stringify({ [text]: text }), {
            why: text.slice(0, 99),
            flaw: { format: 'json', message: text.slice(0, 99) },
            schema: { id: 1, subject: text.slice(0, 99), version: 1 },
          }),
        }),
      );
      return looking({ colorScheme }, async (page) => {
        for (let n = 0; n < texts.length; n++)
          for (const part of ['value', 'key', 'headers']) {
            await page.goto(`${url + TOPIC}?record=0:${9_000_000 + n}&part=${part}`);
            await settled(page);
            await page.getByRole('region', { name: /offset/ }).getByText('Batch').waitFor();
            assert.equal(await page.locator('img, #app script, iframe, [onerror], [onclick]').count(), 0);
            assert.doesNotMatch(await page.title(), /^1$/);
          }
        await page.goto(`${url + TOPIC}?record=0:9000002&part=key`);
        await page.locator('.payload .esc', { hasText: 'U+202E' }).waitFor();
      });
    }));
}

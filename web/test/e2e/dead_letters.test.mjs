// Dead letters: which topics have some, why they died, the way to one of them, and the way back to where it came from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';

test('dead letters are found, grouped by their cause, and opened with their headers', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({ permissions: ['clipboard-read', 'clipboard-write'], refused: [404] }, async (page) => {
      await page.goto(url + '/');
      await settled(page);
      await page.keyboard.press('g');
      await page.keyboard.press('d');
      await page.getByRole('link', { name: 'dlq.orders.events.v1' }).click();
      await page.getByText('37 letters').waitFor();
      const causes = page.getByRole('table', { name: 'Causes' });
      const row = causes.getByRole('row', { name: /_TIMED_OUT/ });
      await row.getByText('the ledger did not answer').waitFor();
      for (const who of ['toolkit', 'Spring Kafka', 'Kafka Connect', 'Kafka Streams', 'share group', 'somebody unknown'])
        await causes.getByText(who, { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Copy the command' }).click();
      await page.getByText('Copied the command').waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'thalweg dlq replay dlq.orders.events.v1 --dry-run');
      const letter = await row.locator('a.name').getAttribute('href');
      assert.match(letter, /^\/topics\/dlq\.orders\.events\.v1\/messages\?from=offset&start=4004&partitions=1&record=1%3A4004&part=headers$/);
      await row.getByRole('link', { name: 'orders.events.v1', exact: true }).click();
      await page.getByRole('heading', { name: 'orders.events.v1' }).waitFor();
      await settled(page);
    }),
  ));

test('letters of a cause go back, and a second time sends none', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + '/dead-letters/dlq.orders.events.v1');
      const cause = page.getByRole('row', { name: /IllegalStateException/ }).first();
      await cause.getByRole('button', { name: 'Send back' }).click();
      const drawer = page.getByRole('dialog');
      await drawer.getByText('Send 9 letters of dlq.orders.events.v1 back to orders.events.v1').waitFor();
      assert.equal(world.sentBack.size, 0, 'a plan sends nothing');
      await drawer.getByRole('button', { name: 'Send 9 letters' }).click();
      await page.getByText('Done: 9 letters of dlq.orders.events.v1 sent back').waitFor();
      assert.equal(world.sentBack.size, 9);
      const letters = page.getByRole('table', { name: 'Letters' });
      await letters.getByText('sent back').first().waitFor();
      assert.equal(await letters.getByText('sent back', { exact: true }).count(), 9);
      await cause.getByRole('button', { name: 'Send back' }).click();
      await drawer.getByText('All of these letters were sent back before').first().waitFor();
      assert.ok(await drawer.getByRole('button', { name: /^Send/ }).last().isDisabled());
    }),
  ));

test('single letters are chosen, sent to another topic, and sent again', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ refused: [400] }, async (page) => {
      await page.goto(url + '/dead-letters/dlq.orders.events.v1');
      await page.getByRole('button', { name: 'org.apache.kafka.connect.errors.DataException' }).click();
      await page.getByRole('checkbox', { name: 'offset 4031' }).check();
      await page.getByRole('checkbox', { name: 'offset 4030' }).check();
      assert.match(page.url(), /chosen=1%3A4031%2C1%3A4030/);
      await page.getByRole('button', { name: 'Send 2 back' }).click();
      const drawer = page.getByRole('dialog');
      await drawer.getByLabel('To another topic').fill('nowhere.at.all');
      await drawer.getByText('has to be a topic that is there').first().waitFor();
      await drawer.getByLabel('To another topic').fill('');
      await drawer.getByRole('button', { name: 'Send 2 letters' }).click();
      await page.getByText('Done: 2 letters').waitFor();
      assert.deepEqual([...world.sentBack].sort(), ['1:4030', '1:4031']);
      await page.getByRole('checkbox', { name: 'offset 4031' }).check();
      await page.getByRole('button', { name: 'Send 1 back' }).click();
      await drawer.getByText('All of these letters were sent back before').first().waitFor();
      await drawer.getByRole('checkbox', { name: 'Also those that were sent back before' }).check();
      await drawer.getByRole('button', { name: 'Send 1 letter' }).click();
      await page.getByText('Done: 1 letters').waitFor();
    }),
  ));

test('a long replay goes on in parts, says how far it is, and can be stopped', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      world.atOnce = 10;
      let release = () => {};
      const held = new Promise((done) => (release = done));
      let parts = 0;
      await page.route('**/dead-letters/*/replay', async (route) => {
        if (++parts === 2) await held;
        await route.continue();
      });
      await page.goto(url + '/dead-letters/dlq.orders.events.v1?act=replay');
      const drawer = page.getByRole('dialog');
      await drawer.getByRole('button', { name: 'Send 36 letters' }).click();
      await drawer.getByText('10 sent, 26 left').waitFor();
      await drawer.getByRole('button', { name: 'Stop' }).click();
      release();
      await page.getByText(/^Done: /).waitFor();
      assert.equal(await page.getByText(/^Done: /).innerText(), 'Done: 20 sent back, 16 left');
      assert.equal(world.sentBack.size, 20);
      await page.getByRole('button', { name: 'Send all back' }).click();
      await drawer.getByRole('button', { name: 'Send 16 letters' }).click();
      await page.getByText('Done: 16 sent back').waitFor();
      assert.equal(world.sentBack.size, 36);
    }),
  ));

test('who only reads is offered no way back', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      world.readOnly = true;
      await page.goto(url + '/dead-letters/dlq.orders.events.v1');
      await page.getByRole('table', { name: 'Letters' }).waitFor();
      assert.equal(await page.getByRole('button', { name: /Send/ }).count(), 0);
      assert.equal(await page.getByRole('checkbox').count(), 0);
    }),
  ));

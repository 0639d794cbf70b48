// Dead letters: which topics have some, why they died, and the way to one of them and back to where it came from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';

test('dead letters are found, grouped by their cause, opened with their headers, and their replay is a command', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({ permissions: ['clipboard-read', 'clipboard-write'], refused: [404] }, async (page) => {
      await page.goto(url + '/');
      await settled(page);
      await page.keyboard.press('g');
      await page.keyboard.press('d');
      await page.getByRole('link', { name: 'dlq.orders.events.v1' }).click();
      await page.getByText('37 letters').waitFor();
      const row = page.getByRole('row', { name: /_TIMED_OUT/ });
      await row.getByText('the ledger did not answer').waitFor();
      for (const who of ['toolkit', 'Spring Kafka', 'Kafka Connect', 'Kafka Streams', 'share group', 'somebody unknown'])
        await page.getByText(who, { exact: true }).waitFor();
      await row.getByRole('button', { name: 'Copy the command that replays them' }).click();
      await page.getByText('Copied the command that replays them').waitFor();
      assert.equal(
        await page.evaluate(() => navigator.clipboard.readText()),
        'thalweg dlq replay dlq.orders.events.v1 --where error=_TIMED_OUT --where origin=orders.events.v1 --dry-run',
      );
      const letter = await row.locator('a.name').getAttribute('href');
      assert.match(letter, /^\/topics\/dlq\.orders\.events\.v1\/messages\?from=offset&start=4004&partitions=1&record=1%3A4004&part=headers$/);
      await row.getByRole('link', { name: 'orders.events.v1', exact: true }).click();
      await page.getByRole('heading', { name: 'orders.events.v1' }).waitFor();
      await settled(page);
    }),
  ));

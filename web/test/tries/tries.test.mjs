// npm run tries: what somebody who has not read anything does with the console of a real server, five times. Each try begins
// at the overview, and ends when what was asked for is in sight. Clicks, keys and seconds are counted; a table is printed.
// The seconds are those of the pages and the server alone: nobody thinks in between.
import { test } from 'node:test';
import { looking, settled } from '../e2e/browser.mjs';
import { isBuilt, serving } from '../e2e/thalweg.mjs';

const LETTER = ['--header', '__dlq.errors.topic=orders', '--header', '__dlq.errors.exception=_TIMED_OUT', '--header', '__dlq.errors.message=no answer'];

// Orders of last night, a group that is stuck at one of two partitions, a letter, and a topic that keeps 30 days.
function seeded(server) {
  server.run('topic', 'create', 'orders', '--partitions', '2', '--config', 'retention.ms=2592000000');
  server.run('topic', 'create', 'dlq.orders');
  for (let n = 0; n < 8; n++) server.run('topic', 'create', `events.${n}`);
  server.write('orders', ...Array.from({ length: 6000 }, (_, n) => `{"order":${n},"status":"PAID"}`));
  server.run('consume', 'orders', '--group', 'invoices', '--count', '4000');
  server.bury('dlq.orders', LETTER, '{"order":17}');
}

class Try {
  constructor(page) {
    Object.assign(this, { page, clicks: 0, keys: 0 });
  }
  async click(what) {
    await what.click();
    this.clicks++;
  }
  async type(what, text, enter = true) {
    await this.click(what);
    await this.page.keyboard.type(text);
    if (enter) await this.page.keyboard.press('Enter');
    this.keys += text.length + (enter ? 1 : 0);
  }
  rail(name) {
    return this.click(this.page.getByRole('navigation').getByRole('link', { name }));
  }
}

const tries = {
  'why is this group behind': async (t) => {
    await t.rail(/^Groups/);
    await t.click(t.page.getByRole('link', { name: 'invoices', exact: true }));
    await t.page.getByRole('row', { name: /orders/ }).first().waitFor();
    await t.page.getByText(/2 ?000/).first().waitFor();
  },
  'find order 4711 of last night': async (t) => {
    await t.rail(/^Topics/);
    await t.click(t.page.getByRole('link', { name: 'orders', exact: true }));
    await t.type(t.page.getByLabel('Filter', { exact: true }), '4711');
    await t.page.locator('tbody').getByText('4711').first().waitFor();
  },
  'put a dead letter back': async (t) => {
    await t.rail(/^Dead letters/);
    await t.click(t.page.getByRole('link', { name: 'dlq.orders' }));
    await t.click(t.page.getByRole('button', { name: 'Send back' }).first());
    await t.click(t.page.getByRole('dialog').getByRole('button', { name: 'Send 1 letter' }));
    await t.page.getByText('Done: 1 letter of dlq.orders sent back').waitFor();
  },
  'why does this topic keep 30 days': async (t) => {
    await t.rail(/^Topics/);
    await t.click(t.page.getByRole('link', { name: 'orders', exact: true }));
    await t.click(t.page.getByRole('link', { name: 'Configuration' }));
    await t.page.getByRole('row', { name: /retention\.ms/ }).getByText('30 days').waitFor();
  },
  'what changed since yesterday': async (t) => {
    await t.rail(/^Changes/);
    await t.page.getByText('events.7 is created').or(t.page.getByText('Events.7 is created')).first().waitFor();
  },
};

test('five tasks, each from the overview', { skip: isBuilt ? false : 'no server is built' }, () =>
  serving({}, (server) =>
    looking({}, async (page) => {
      await page.goto(server.url + '/changes'); // the server knows what it was before
      seeded(server);
      const rows = [];
      for (const [what, how] of Object.entries(tries)) {
        await page.goto(server.url + '/');
        await settled(page);
        const one = new Try(page);
        const begun = performance.now();
        await how(one);
        rows.push(`| ${what} | ${one.clicks} | ${one.keys} | ${((performance.now() - begun) / 1000).toFixed(1)} |`);
      }
      console.log(['| task | clicks | keys | seconds |', '| --- | --- | --- | --- |', ...rows].join('\n'));
    }),
  ));

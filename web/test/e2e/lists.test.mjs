// The long lists: what is new shows by itself, and ten thousand rows are as quick as ten.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, rowNames, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';

test('a topic just made is there without a reload', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics');
      await settled(page);
      world.topics.push({ ...world.topics[0], name: 'aaa-just-made' });
      await page.getByRole('link', { name: 'aaa-just-made' }).waitFor({ timeout: 5000 });
    }),
  ));

test('10 214 topics are filtered, sorted, scrolled to the end, and the address brings it all back', () =>
  standing({}, ({ url }) =>
    looking({}, async (page, context) => {
      await page.goto(url + '/topics');
      await settled(page);
      assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '10215');
      assert.ok((await page.locator('tbody tr').count()) < 60, 'only rows in sight are drawn');

      await page.getByLabel(/Filter by name/).fill('team-0');
      await page.getByText('of them').waitFor();
      await page.getByRole('button', { name: 'Partitions' }).click();
      await page.waitForFunction(
        () => document.querySelector('th[aria-sort="descending"]')?.textContent === 'Partitions',
      );
      await page.locator('.scroll').evaluate((box) => box.scrollTo(0, box.scrollHeight));
      await page.waitForFunction(() => /at=\d+/.test(location.search));
      await settled(page);
      const names = await rowNames(page);

      const other = await context.newPage();
      await other.goto(page.url());
      await settled(other);
      await other.waitForFunction((last) => document.body.textContent.includes(last), names.at(-1));
      assert.deepEqual(await rowNames(other), names);
      assert.equal(await other.getByLabel(/Filter by name/).inputValue(), 'team-0');
    }),
  ));

test('from the click to rows it takes a moment', () =>
  standing({}, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/');
      await settled(page);
      const took = await page.evaluate(async () => {
        const begun = performance.now();
        document.querySelector('.nav a[href="/topics"]').click();
        while (!document.querySelector('tbody tr[data-row] a')) await new Promise(requestAnimationFrame);
        return performance.now() - begun;
      });
      assert.ok(took < 1000, `${took} ms`); // 200 on a quiet machine
    }),
  ));

test('the files of what the rail leads to are there before anybody clicks', () =>
  standing({ topics: 20, groups: 20 }, ({ url }) =>
    looking({}, async (page) => {
      const ahead = ['topics', 'groups', 'topic', 'group'].map((name) =>
        page.waitForResponse((response) => new RegExp(`/assets/${name}-\\w+\\.js$`).test(response.url())),
      );
      await page.goto(url + '/about');
      await Promise.all(ahead);
      await page.locator('.nav a[href="/groups"]').click();
      await settled(page);
      await page.route('**/assets/*.js', (route) => route.abort());
      await page.locator('.nav a[href="/topics"]').click();
      await page.locator('tbody tr[data-row] a').first().waitFor();
    }),
  ));

// Effects run a frame after what they belong to is drawn. Here a file arrives in that frame.
test('a screen whose file arrives while somebody opens it is drawn', () =>
  standing({ groups: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.addInitScript(() => {
        const { requestAnimationFrame: frame, setTimeout: timeout } = globalThis;
        const effects = (globalThis.effects = { hold: false, held: [] });
        const later = (run) => effects.held.push(run);
        globalThis.requestAnimationFrame = (run) => (effects.hold ? later(run) : frame(run));
        globalThis.setTimeout = (run, ms, ...more) =>
          effects.hold && ms > 0 && ms <= 100 ? later(run) : timeout(run, ms, ...more);
      });
      const coming = new Promise((asked) => page.route('**/assets/groups-*.js', asked));
      await page.goto(url + '/about');
      const file = await coming;
      await page.evaluate(() => {
        globalThis.effects.hold = true;
        document.querySelector('.nav a[href="/groups"]').click();
      });
      await file.continue();
      await page.evaluate((url) => import(url).then(() => {}), file.request().url());
      await page.evaluate(() => {
        globalThis.effects.hold = false;
        for (const run of globalThis.effects.held) run(performance.now());
      });
      await page.locator('tbody tr[data-row] a').first().waitFor();
    }),
  ));

test('an expression that is none is said so, and the rows stay', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({ refused: [400] }, async (page) => {
      await page.goto(url + '/topics');
      await settled(page);
      const filter = page.getByLabel(/Filter by name/);
      await filter.fill('/^orders.*v0$/');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr[data-row]').length === 1);
      await filter.fill('/(/');
      await page.locator('input[aria-invalid="true"]').waitFor();
      await filter.press('Escape');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr[data-row]').length > 10);
    }),
  ));

test('rows keep their places while the pointer is on them', () =>
  standing({ groups: 6 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + '/groups');
      await settled(page);
      const before = await rowNames(page);
      await page.getByRole('link', { name: 'nightly-report' }).hover();
      world.groups.push({ ...world.groups[0], name: 'aaa-first', lag: 77 });
      world.groups.find(({ name }) => name === 'fraud-scorer').lag = 4711;
      await page.getByText('4711').waitFor({ timeout: 5000 }); // figures change in place
      assert.deepEqual(await rowNames(page), before);
      await page.mouse.move(5, 5);
      await page.getByRole('link', { name: 'aaa-first' }).waitFor({ timeout: 5000 });
    }),
  ));

test('integers beyond 2^53 are shown as they are, and copying gives the plain number', () =>
  standing({ groups: 6 }, ({ url, world }) =>
    looking({}, async (page) => {
      world.groups.find(({ name }) => name === 'fraud-scorer').lag = 9_223_372_036_854_775_807n;
      await page.goto(url + '/groups');
      await settled(page);
      const figure = page
        .getByRole('row', { name: /fraud-scorer/ })
        .locator('td')
        .nth(7);
      assert.equal(await figure.innerText(), '9223372036854775807');
      assert.equal(await figure.locator('i').count(), 6);
    }),
  ));

test('what is not there says why, and what would change it', () =>
  standing({ topics: 0, groups: 0 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics');
      await page.getByText('There are no topics yet').waitFor();
      assert.match(await page.locator('.cmd code').innerText(), /^kafka-topics .*--create/);
      await page.goto(url + '/groups');
      await page.getByText('There are no groups yet').waitFor();
      await page.goto(url + '/nowhere');
      await page.getByText('Nothing is at this address').waitFor();
    }),
  ));

test('an error names who answered and Kafka’s error, and can be asked again', () =>
  standing({ groups: 6 }, ({ url, world }) =>
    looking({ refused: [503, 404] }, async (page) => {
      world.fail = (path) => path.startsWith('/groups');
      await page.goto(url + '/groups/invoice-writer');
      const alert = page.getByRole('alert').first();
      await alert.waitFor();
      assert.match(await alert.innerText(), /COORDINATOR_LOAD_IN_PROGRESS[\s\S]*broker 1/);
      world.fail = undefined;
      await alert.getByRole('button', { name: 'Ask again' }).click();
      await page.getByRole('heading', { name: 'invoice-writer' }).waitFor();
      await page.locator('tbody tr[data-row]').nth(5).waitFor();
      world.fail = (path) => path.startsWith('/groups');
      await page
        .getByText(/As of \d\d:\d\d:\d\d: The coordinator is loading/)
        .first()
        .waitFor({ timeout: 5000 });
      assert.ok((await page.locator('tbody tr[data-row]').count()) > 5, 'data stays, with its age');
      await page.goto(url + '/topics/there-is-none');
      await page.getByText('UNKNOWN_TOPIC_OR_PARTITION').waitFor();
    }),
  ));

test('what changed before the server was started says so, and since when anything is known', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/changes');
      await page.getByText(/^known since /).waitFor();
      await page.getByRole('row', { name: /after .* Server 1 was stopped, and has started again/i }).waitFor();
    }),
  ));

test('what changed leads to what it is about, unless that is gone', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/changes');
      await page.getByRole('link', { name: /^Retention.ms of billing.invoices is/i }).waitFor();
      await page.getByText('orders.v0 is deleted', { exact: false }).waitFor();
      assert.equal(await page.getByRole('link', { name: /orders.v0/i }).count(), 0);
    }),
  ));

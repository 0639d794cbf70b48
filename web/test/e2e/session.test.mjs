// Signing in, and a server that goes and comes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';

// And no file of a screen, which comes when the browser has nothing else to do.
const isQuestion = (request) => new URL(request.url()).pathname.startsWith('/api/');

test('whoever is not signed in is asked for the token, and then is where the address says', () =>
  standing({ topics: 20, auth: 'token' }, ({ url, world }) =>
    looking({ refused: [401] }, async (page) => {
      await page.goto(url + '/topics/billing.invoices/groups');
      const token = page.getByLabel('Token');
      await token.fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      assert.match(await page.getByRole('alert').innerText(), /This is not the token/);
      await token.fill(world.token);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'billing.invoices' }).waitFor();
      assert.equal(new URL(page.url()).pathname, '/topics/billing.invoices/groups');

      await page.getByRole('button', { name: 'Sign out' }).click();
      await token.waitFor();
      assert.equal(await page.locator('table').count(), 0);
    }),
  ));

test('guessing is slowed down, and the page says so', () =>
  standing({ topics: 20, auth: 'token' }, ({ url }) =>
    looking({ refused: [401, 429] }, async (page) => {
      await page.goto(url);
      for (let n = 0; n < 6; n++) {
        await page.getByLabel('Token').fill(`guess ${n}`);
        const answered = page.waitForResponse(/session/);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await answered;
      }
      await page.getByText('Too many wrong tokens').waitFor();
    }),
  ));

test('the link of the log signs in, and leaves no trace in the address or the history', () =>
  standing({ topics: 20, auth: 'token' }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(`${url}/topics#token=${encodeURIComponent(world.token)}`);
      await settled(page);
      assert.equal(page.url(), url + '/topics');
      assert.equal(await page.evaluate(() => history.length), 2); // about:blank and this one
    }),
  ));

test('a session that ended asks again, and keeps the place', () =>
  standing({ topics: 20, auth: 'token' }, ({ url, world }) =>
    looking({ refused: [401] }, async (page) => {
      await page.goto(`${url}/topics?show=internal#token=${world.token}`);
      await settled(page);
      world.sessions.clear();
      await page.getByLabel('Token').waitFor({ timeout: 5000 });
      assert.equal(page.url(), url + '/topics?show=internal');
    }),
  ));

test('a server that stops leaves the data with its age, and is live again when it is back', () =>
  standing({ topics: 20 }, ({ url, stop, start }) =>
    looking({ cut: true }, async (page) => {
      await page.goto(url + '/topics');
      await settled(page);
      const port = Number(new URL(url).port);
      await stop();
      await page.getByText(/No answer; as of \d\d:\d\d:\d\d/).waitFor({ timeout: 6000 });
      assert.ok((await page.locator('tbody tr[data-row]').count()) > 5, 'data stays');
      await start(port);
      await page.getByText(/No answer/).waitFor({ state: 'detached', timeout: 6000 });
    }),
  ));

test('a page that is paused asks nothing, and says so', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics');
      await settled(page);
      await page.keyboard.press('l');
      await page.getByText('Paused').waitFor();
      const asked = [];
      page.on('request', (request) => isQuestion(request) && asked.push(request.url()));
      await page.waitForTimeout(2600);
      assert.deepEqual(asked, []);
      await page.keyboard.press('l');
      await page.waitForRequest(/topics/);
    }),
  ));

test('a tab that is hidden asks nothing, and asks at once when it is looked at again', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics');
      await settled(page);
      const hide = (hidden) =>
        page.evaluate((value) => {
          Object.defineProperty(document, 'hidden', { value, configurable: true });
          document.dispatchEvent(new Event('visibilitychange'));
        }, hidden);
      await hide(true);
      const asked = [];
      page.on('request', (request) => isQuestion(request) && asked.push(request.url()));
      await page.waitForTimeout(2600);
      assert.deepEqual(asked, []);
      const next = page.waitForRequest(/topics/, { timeout: 500 });
      await hide(false);
      await next;
    }),
  ));

test('a server that refuses is not asked more often than one that answers', () =>
  standing({ topics: 20, groups: 20 }, ({ url, world }) =>
    looking({ refused: [503] }, async (page) => {
      await page.goto(url + '/groups');
      await settled(page);
      const asked = [];
      page.on('request', (request) => request.url().includes('/groups?') && asked.push(request.url()));
      world.fail = (path) => path.startsWith('/groups');
      await page.getByText('The coordinator is loading').waitFor();
      await page.waitForTimeout(4500);
      assert.ok(asked.length >= 2 && asked.length <= 4, `${asked.length} times`);
    }),
  ));

test('what several parts show is asked for once', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url);
      await settled(page);
      const asked = {};
      page.on('request', (request) => {
        if (!isQuestion(request)) return;
        const { pathname } = new URL(request.url());
        asked[pathname] = (asked[pathname] ?? 0) + 1;
      });
      await page.waitForTimeout(4500);
      assert.deepEqual(
        Object.keys(asked).sort(),
        ['attention', 'brokers', 'cluster', 'quorum', 'series'].map((name) => `/api/v1/${name}`),
      );
      for (const [path, times] of Object.entries(asked)) assert.ok(times <= 3, `${path}: ${times}`);
    }),
  ));

test('seven tabs are open and all of them live', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page, context) => {
      const tabs = [page, ...(await Promise.all(Array.from({ length: 6 }, () => context.newPage())))];
      for (const tab of tabs) await tab.goto(url + '/topics');
      world.topics.push({ ...world.topics[0], name: 'aaa-just-made' });
      for (const tab of tabs) await tab.getByRole('link', { name: 'aaa-just-made' }).waitFor({ timeout: 8000 });
    }),
  ));

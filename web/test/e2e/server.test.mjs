// The pages as the server embeds and serves them, with its own answers. Left out where no server is built.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { axeFindings, looking, rowNames, settled } from './browser.mjs';
import { freePort, isBuilt, serving } from './thalweg.mjs';

const real = (name, body) => test(name, { skip: isBuilt ? false : 'no server is built' }, body);
const numbered = (count) => Array.from({ length: count }, (_, n) => `record ${n}`);

real('a topic that a client of Kafka makes is there without a reload, with its records', () =>
  serving({}, (server) =>
    looking({}, async (page) => {
      await page.goto(server.url + '/topics');
      await page.getByText('There are no topics yet').waitFor();
      server.run('topic', 'create', 'orders', '--partitions', '3');
      await page.getByRole('link', { name: 'orders' }).waitFor({ timeout: 6000 });
      server.write('orders', ...numbered(1234));
      await page
        .getByRole('row', { name: /orders/ })
        .getByText('1234')
        .waitFor({ timeout: 6000 });
    }),
  ),
);

real('records are read, followed, saved and written, and a client of Kafka reads what was written', () =>
  serving({}, (server) =>
    looking({}, async (page) => {
      server.run('topic', 'create', 'orders', '--partitions', '3');
      server.write('orders', '{"id":9223372036854775807,"name":"größe"}');
      await page.goto(server.url + '/topics/orders');
      await page.locator('tbody button.name').first().click();
      await page.locator('.payload').getByText('9223372036854775807').waitFor();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download' }).click(),
      ]);
      const saved = await (await import('node:fs/promises')).readFile(await download.path(), 'utf8');
      assert.equal(saved, '{"id":9223372036854775807,"name":"größe"}');
      await page.getByRole('link', { name: 'Live', exact: true }).click();
      await page.getByText('Waiting for records').waitFor();
      server.write('orders', 'as it comes');
      await page.locator('tbody').getByText('as it comes').waitFor({ timeout: 10_000 });
      await page.getByRole('button', { name: 'Produce', exact: true }).click();
      const dialog = page.getByRole('dialog', { name: /Produce to/ });
      await dialog.getByLabel('No key').uncheck();
      await dialog.getByLabel('Key', { exact: true }).fill('k-1');
      await dialog.getByLabel('Value', { exact: true }).fill('typed by hand');
      await dialog.getByRole('button', { name: 'Write the record' }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.locator('.payload').getByText('typed by hand').waitFor();
      assert.match(server.run('consume', 'orders', '--count', '3'), /typed by hand/);
      assert.match(server.log, /console change.*produce/);
    }),
  ),
);

real('every screen of a server with topics and a group is clean, in both themes', () =>
  serving({}, async (server) => {
    server.run('topic', 'create', 'orders', '--partitions', '3');
    server.write('orders', ...numbered(100));
    server.run('consume', 'orders', '--group', 'billing', '--count', '40');
    const screens = [
      '/',
      '/topics',
      '/topics/orders',
      '/topics/orders?from=oldest',
      '/topics/orders?from=live',
      '/topics/orders/partitions',
      '/topics/orders/groups',
      '/topics/orders/configuration',
      '/topics/orders/configuration?option=retention.ms',
      '/groups',
      '/groups/billing',
      '/groups/billing/members',
      '/brokers',
      '/brokers/1',
      '/brokers/1/configuration',
      '/schemas',
      '/dead-letters',
      '/about',
    ];
    for (const colorScheme of ['light', 'dark']) {
      await looking({ colorScheme, reducedMotion: 'reduce', bypassCSP: true }, async (page) => {
        for (const screen of screens) {
          await page.goto(server.url + screen);
          await settled(page);
          assert.equal(await page.getByRole('alert').count(), 0, screen);
          assert.deepEqual(await axeFindings(page), [], screen);
        }
      });
    }
    await looking({}, async (page) => {
      for (const screen of screens) {
        await page.goto(server.url + screen);
        await settled(page);
      }
      await page.goto(server.url + '/groups/billing');
      await page.getByText('60').first().waitFor();
    });
  }),
);

real('a schema is drafted against the registry, refused with its reason, registered, and clients have it', async () => {
  const registry = `http://127.0.0.1:${await freePort()}`;
  await serving({ 'schema.registry.listeners': registry }, (server) =>
    looking({}, async (page) => {
      const versions = `${registry}/subjects/orders-value/versions`;
      const schema = (...fields) => JSON.stringify({ type: 'record', name: 'Order', fields });
      const id = { name: 'id', type: 'long' };
      await page.goto(server.url + '/schemas');
      await page.getByText('There are no schemas yet').waitFor();
      server.run('topic', 'create', 'orders');
      const made = await fetch(versions, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ schema: schema(id) }),
      });
      assert.equal(made.status, 200);
      await page.getByRole('link', { name: 'orders-value' }).click({ timeout: 60_000 });
      await page.getByText('BACKWARD, as for all').waitFor();
      await page.getByRole('link', { name: 'Draft v2' }).click();
      const verdict = page.getByRole('region', { name: 'Verdict' });
      await page.getByLabel('The draft', { exact: true }).fill(schema(id, { name: 'currency', type: 'string' }));
      await verdict.getByText('READER_FIELD_MISSING_DEFAULT_VALUE').waitFor();
      await verdict.getByText('/fields/1', { exact: true }).waitFor();
      await page.getByLabel('The draft', { exact: true }).fill(schema(id, { name: 'currency', type: 'string', default: 'EUR' }));
      await verdict.getByText('It fits BACKWARD').waitFor();
      await page.getByRole('link', { name: 'Register v2' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Register v2' }).and(page.locator(':enabled')).click();
      await page.getByRole('heading', { name: 'v1 against v2' }).waitFor({ timeout: 60_000 });
      assert.match(await page.locator('.diff td.line.new').last().innerText(), /"currency"/);
      assert.deepEqual(await (await fetch(versions)).json(), [1, 2]);
      assert.match(server.log, /console change.*Register version 2 of orders-value/);
    }),
  );
});

real('dead letters are grouped by why they died, and one leads to its headers', () =>
  serving({}, (server) =>
    looking({}, async (page) => {
      for (const topic of ['orders', 'dlq.orders']) server.run('topic', 'create', topic);
      const headers = ['topic=orders', 'exception=_TIMED_OUT', 'message=no answer'].flatMap((one) => ['--header', `__dlq.errors.${one}`]);
      server.write('dlq.orders', 'a');
      server.bury('dlq.orders', headers, 'b', 'c');
      await page.goto(server.url + '/dead-letters');
      await page.getByRole('link', { name: 'dlq.orders' }).click();
      await page.getByText('3 letters').waitFor();
      const row = page.getByLabel('Causes').getByRole('row', { name: /_TIMED_OUT/ });
      await row.getByText('no answer').waitFor();
      await row.locator('a.name').click();
      await page.getByText('__dlq.errors.exception').waitFor();
    }),
  ),
);

real('the policy is in force: script, style and markup from a string are refused', () =>
  serving({}, async (server) => {
    await looking({ allowed: /policy: |violates|requires 'Trusted/ }, async (page) => {
      await page.goto(server.url);
      await settled(page);
      const refused = await page.evaluate(() => {
        const tries = [
          () => (document.createElement('div').innerHTML = '<b>x</b>'),
          () => document.write('x'),
          () => (document.createElement('script').src = '/x.js'),
        ];
        return tries.map((attempt) => {
          try {
            attempt();
            return 'done';
          } catch (error) {
            return error.name;
          }
        });
      });
      assert.deepEqual(refused, ['TypeError', 'TypeError', 'TypeError']);
    });
    const headers = (await fetch(server.url)).headers;
    assert.match(headers.get('content-security-policy'), /require-trusted-types-for 'script'/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('access-control-allow-origin'), null);
  }),
);

real('hashed files are kept for ever, the page itself is not kept at all', () =>
  serving({}, async ({ url }) => {
    const page = await fetch(url + '/topics/any/partitions');
    const text = await page.text();
    assert.match(page.headers.get('cache-control'), /no-store/); // it holds answers
    const script = /src="(\/assets\/main-[^"]+)"/.exec(text)[1];
    const file = await fetch(url + script);
    assert.match(file.headers.get('cache-control'), /immutable/);
    assert.match(file.headers.get('content-type'), /javascript/);
    assert.ok((await file.text()).length > 1000);
    assert.equal((await fetch(url + '/assets/main-AAAAAAAA.js')).status, 404);
  }),
);

real('it is stopped and started under an open page: stale, then live', () =>
  serving({}, (server) =>
    looking({ cut: true, refused: [503] }, async (page) => {
      server.run('topic', 'create', 'orders');
      await page.goto(server.url + '/topics');
      await page.getByRole('link', { name: 'orders' }).waitFor();
      await server.stop();
      await page.getByText(/No answer; as of/).waitFor({ timeout: 8000 });
      assert.deepEqual(await rowNames(page), ['orders']);
      await server.start();
      await page.getByText(/No answer/).waitFor({ state: 'detached', timeout: 8000 });
      server.run('topic', 'create', 'another');
      await page.getByRole('link', { name: 'another' }).waitFor({ timeout: 8000 });
    }),
  ),
);

real('with a token: asked for it, refused without, in with the link, out again, and guessing ends', () =>
  serving({ 'console.auth': 'token' }, async (server) => {
    assert.equal((await fetch(server.url + '/api/v1/topics')).status, 401);
    assert.equal(
      (await fetch(server.url + '/api/v1/topics', { headers: { Authorization: `Bearer ${server.token()}` } })).status,
      200,
    );
    assert.ok(server.log.includes(`#token=${server.token()}`), 'the log has the link');
    await looking({ refused: [401, 429] }, async (page, context) => {
      await page.goto(`${server.url}/brokers#token=${server.token()}`);
      await page.getByRole('heading', { name: 'Brokers', exact: true }).first().waitFor();
      assert.equal(page.url(), server.url + '/brokers');
      const [cookie] = await context.cookies();
      assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByLabel('Token').waitFor();
      for (let n = 0; n < 6; n++) {
        await page.getByLabel('Token').fill(`guess ${n}`);
        const answered = page.waitForResponse(/session/);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await answered;
      }
      assert.match(await page.getByRole('alert').innerText(), /minute|wait|many/i);
      await page.getByLabel('Token').fill(server.token());
      const last = page.waitForResponse(/session/);
      await page.getByRole('button', { name: 'Sign in' }).click();
      assert.equal((await last).status(), 429);
    });
  }),
);

real('a page from elsewhere gets nothing: not by fetch, not by a form, not under another name', () =>
  serving({}, async (server) => {
    const elsewhere = createServer((_, response) =>
      response.setHeader('Content-Type', 'text/html').end('<title>elsewhere</title>'),
    ).listen(0, '127.0.0.1');
    await new Promise((done) => elsewhere.once('listening', done));
    const origin = `http://localhost:${elsewhere.address().port}`;
    try {
      await looking({ refused: [403, 415, 421], allowed: /CORS policy|ERR_FAILED|NotSameOrigin/ }, async (page) => {
        await page.goto(origin);
        const seen = await page.evaluate(async (url) => {
          const simple = await fetch(url + '/api/v1/topics', { mode: 'no-cors' }).then((answer) => answer.type, String);
          const plain = await fetch(url + '/api/v1/topics').then(
            () => 'read',
            () => 'refused',
          );
          return { simple, plain };
        }, server.url);
        assert.equal(seen.plain, 'refused');
      });
    } finally {
      elsewhere.close();
    }
    const cross = { 'Sec-Fetch-Site': 'cross-site', 'User-Agent': 'Mozilla/5.0' };
    assert.equal((await fetch(server.url + '/api/v1/topics', { headers: cross })).status, 403);
    const form = await fetch(server.url + '/api/v1/session', {
      method: 'POST',
      headers: { 'Content-Type': 'text/plain' },
      body: '{"token":"x"}',
    });
    assert.ok([403, 415].includes(form.status), String(form.status));
    assert.equal(await statusUnder(server, 'evil.example'), 421);
  }),
);

// fetch sends no Host of our choice.
async function statusUnder(server, host) {
  const { get } = await import('node:http');
  return new Promise((done, failed) =>
    get(server.url + '/api/v1/topics', { headers: { Host: host } }, (response) =>
      done(response.resume().statusCode),
    ).on('error', failed),
  );
}

real('names that strangers choose are text only', () =>
  serving({}, async (server) => {
    const group = '<img src=x onerror=alert(1)></script>\u202Egnp';
    server.run('topic', 'create', 'orders');
    server.write('orders', 'a', 'b');
    server.run('consume', 'orders', '--group', group, '--count', '1');
    await looking({}, async (page) => {
      for (const path of ['/groups', `/groups/${encodeURIComponent(group)}`, '/topics/orders/groups']) {
        await page.goto(server.url + path);
        await settled(page);
        await page.getByText('<img src=x onerror=alert(1)></script>').first().waitFor();
        assert.equal(await page.locator('img').count(), 0);
        assert.ok((await page.locator('.esc').allTextContents()).includes('U+202E'));
      }
    });
  }),
);

real('seven tabs are open and all of them live', () =>
  serving({}, (server) =>
    looking({}, async (page, context) => {
      server.run('topic', 'create', 'orders');
      const tabs = [page, ...(await Promise.all(Array.from({ length: 6 }, () => context.newPage())))];
      for (const tab of tabs) await tab.goto(server.url + '/topics');
      server.run('topic', 'create', 'another');
      for (const tab of tabs) await tab.getByRole('link', { name: 'another' }).waitFor({ timeout: 8000 });
    }),
  ),
);

real('topics are filtered and sorted by the server, and the address brings it back', () =>
  serving({}, async (server) => {
    const names = Array.from({ length: 160 }, (_, n) => `team-${n % 2}.stream-${String(n).padStart(4, '0')}`);
    for (let from = 0; from < names.length; from += 20) server.run('topic', 'create', ...names.slice(from, from + 20));
    await looking({}, async (page, context) => {
      await page.goto(server.url + '/topics?q=team-1&sort=-name');
      await settled(page);
      assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '81');
      assert.equal((await rowNames(page))[0], 'team-1.stream-0159');
      await page.locator('.scroll').evaluate((box) => box.scrollTo(0, box.scrollHeight));
      await page.getByRole('link', { name: 'team-1.stream-0001' }).waitFor();
      await page.waitForFunction(() => /at=\d+/.test(location.search));
      const other = await context.newPage();
      await other.goto(page.url());
      await other.getByRole('link', { name: 'team-1.stream-0001' }).waitFor();
    });
  }),
);

real('a topic is made, its records are deleted, its group is reset, and it is deleted, and other clients see it', () =>
  serving({}, (server) =>
    looking({}, async (page) => {
      const act = (name) =>
        page.getByRole('dialog').getByRole('button', { name }).and(page.locator(':enabled')).click();
      await page.goto(server.url + '/topics?act=create');
      await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('orders');
      await act('Create orders');
      await page.getByRole('heading', { name: 'orders' }).waitFor();
      assert.match(server.run('topic', 'list'), /orders/);
      server.write('orders', ...numbered(20));
      server.run('consume', 'orders', '--group', 'billing', '--count', '20');
      await page.goto(server.url + '/groups/billing?act=reset');
      await page.getByRole('button', { name: 'Earliest' }).click();
      await act('Apply to 1 partition');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.match(server.run('group', 'describe', 'billing'), /\b20\b/); // behind again
      await page.goto(server.url + '/topics/orders?act=records');
      await page
        .getByRole('dialog')
        .getByLabel(/Type orders/)
        .fill('orders');
      await act('Delete 20 records');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.goto(server.url + '/topics/orders?act=delete');
      await page
        .getByRole('dialog')
        .getByLabel(/Type orders/)
        .fill('orders');
      await act(/^Delete orders/);
      await page
        .getByText('There are no topics yet')
        .or(page.getByRole('link', { name: '__consumer_offsets' }))
        .waitFor();
      assert.doesNotMatch(server.run('topic', 'list'), /orders/);
    }),
  ),
);

real('where it only reads no change is offered, and none is taken', () =>
  serving({ 'console.read.only': 'true' }, async (server) => {
    server.run('topic', 'create', 'orders');
    const refused = await fetch(server.url + '/api/v1/topics/orders', {
      method: 'DELETE',
      headers: { 'If-Match': '*' },
    });
    assert.equal(refused.status, 403);
    await looking({}, async (page) => {
      await page.goto(server.url + '/topics/orders');
      await settled(page);
      assert.equal(await page.locator('.acts a').count(), 0);
    });
  }),
);

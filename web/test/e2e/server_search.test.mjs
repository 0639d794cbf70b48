// The search of a real server in its own pages: exactly what was planted; stopped, gone on with, and what happens to the topic
// and the server meanwhile. Left out where no server is built.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking } from './browser.mjs';
import { isBuilt, serving } from './thalweg.mjs';

const LIMIT = { timeout: 60_000 };
const RECORDS = 40_000;
const PLANTED = 286; // each 140th
// Each record takes it some 9000 steps, so that a search of them all takes a while.
const ten = '[0,1,2,3,4,5,6,7,8,9]';
const HEAVY = `value.status == "FAILED" || !${ten}.all(a, ${ten}.all(b, ${ten}.all(c, a + b + c < 99)))`;

const planted = Array.from({ length: RECORDS }, (_, n) => `{"n":${n},"status":"${n % 140 === 0 ? 'FAILED' : 'PAID'}"}`);
const searching = (url, where, more = '') => `${url}/topics/orders?where=${encodeURIComponent(where)}${more}`;
const panelOf = (page) => page.getByRole('region', { name: 'Search' });
const real = (name, body) => test(name, { skip: isBuilt ? false : 'no server is built' }, () => serving({}, body));
const withOrders = (server, partitions = 12) => {
  server.run('topic', 'create', 'orders', '--partitions', String(partitions));
  server.write('orders', ...planted);
};

// All that was found, whether it is drawn or not. Scrolled through once, and again where a row was not drawn in time.
async function seen(page) {
  const found = new Set();
  const box = page.locator('.scroll');
  for (let at = 0; at < 40 || (found.size < PLANTED && at < 400); at++) {
    const rows = await page.locator('tbody tr[data-row]').evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll('td')].slice(1, 3).map((cell) => cell.textContent).join(':')));
    rows.forEach((row) => found.add(row));
    await box.evaluate((element, top) => {
      element.scrollTop = top;
      return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    }, (at % 40) * 400);
  }
  return found.size;
}

real('it finds exactly what was planted, newest and oldest first, and the counts are exact', (server) =>
  looking({}, async (page) => {
    withOrders(server);
    for (const order of ['', '&from=oldest']) {
      await page.goto(searching(server.url, 'value.status == "FAILED"', order));
      await page.getByText('All that was there').waitFor(LIMIT);
      assert.match(await panelOf(page).textContent(), new RegExp(`^${PLANTED} matcheslooked at ${RECORDS} records100 %`));
      assert.equal(await seen(page), PLANTED);
    }
    await page.goto(searching(server.url, 'value.status == "FAILED" && value.n >= 14000', '&columns=value.n'));
    await page.getByRole('cell', { name: '39900', exact: true }).waitFor(LIMIT);
    await page.getByText('186 matches. All that was there').waitFor();
  }));

real('a heavy search stops, and Continue finds the rest and nothing twice', (server) =>
  looking({}, async (page) => {
    withOrders(server);
    await page.goto(searching(server.url, HEAVY));
    await panelOf(page).getByText(/looked at [1-9]/).waitFor(LIMIT);
    await page.keyboard.press('Escape');
    await page.getByText('Stopped. Continue goes on where it is').first().waitFor(LIMIT);
    assert.doesNotMatch(await panelOf(page).textContent(), /100 %/);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('All that was there').waitFor(LIMIT);
    assert.match(await panelOf(page).textContent(), new RegExp(`^${PLANTED} matcheslooked at ${RECORDS} records100 %`));
    assert.equal(await seen(page), PLANTED);
  }));

real('a filter that the server does not understand is marked where it says', (server) =>
  looking({}, async (page) => {
    withOrders(server, 1);
    await page.goto(searching(server.url, '"größe" == key && vlaue.x == 1'));
    await page.getByRole('heading', { name: 'This filter cannot be used' }).waitFor(LIMIT);
    assert.equal(await page.locator('.mistake mark').textContent(), 'vlaue');
    await page.getByRole('button', { name: 'Use value' }).click();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'No record matches' }).waitFor(LIMIT);
  }));

real('a topic that is deleted under a search ends it with the reason', (server) =>
  looking({ refused: [404] }, async (page) => {
    withOrders(server, 2);
    await page.goto(searching(server.url, HEAVY));
    await panelOf(page).getByText(/looked at [1-9]/).waitFor(LIMIT);
    server.run('topic', 'delete', 'orders', '--yes');
    await page.getByText(/There is no topic orders|cannot be read now/).first().waitFor(LIMIT);
  }));

real('a server that stops in mid-search is said so, and Continue goes on when it is back', (server) =>
  looking({ cut: true, allowed: /ERR_INCOMPLETE_CHUNKED_ENCODING|Failed to load/ }, async (page) => {
    withOrders(server);
    await page.goto(searching(server.url, HEAVY));
    await panelOf(page).getByText(/looked at [1-9]/).waitFor(LIMIT);
    await server.stop();
    await page.getByText(/The server stops|The connection was cut|does not answer/).first().waitFor(LIMIT);
    await server.start();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('All that was there').waitFor(LIMIT);
    assert.match(await panelOf(page).textContent(), new RegExp(`^${PLANTED} matcheslooked at ${RECORDS} records100 %`));
    assert.equal(await seen(page), PLANTED);
  }));

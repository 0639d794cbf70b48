// For everybody: keyboard, screen readers, zoom, narrow windows, still pages, other languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axeFindings, looking, rowNames, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';
import { screens } from './screens.mjs';

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing on any screen or dialog (${colorScheme})`, () =>
    standing({ topics: 200 }, ({ url }) =>
      looking({ colorScheme, bypassCSP: true, reducedMotion: 'reduce' }, async (page) => {
        for (const [name, path] of Object.entries(screens)) {
          await page.goto(url + path);
          await settled(page);
          assert.deepEqual(await axeFindings(page), [], name);
        }
        await page.keyboard.press('Control+k');
        await page.getByRole('option').first().waitFor();
        assert.deepEqual(await axeFindings(page), [], 'palette');
        await page.keyboard.press('Escape');
        await page.keyboard.press('?');
        await page.getByRole('dialog', { name: 'Keys' }).waitFor();
        assert.deepEqual(await axeFindings(page), [], 'keys');
      }),
    ));

  test(`axe finds nothing on sign-in, errors and emptiness (${colorScheme})`, () =>
    standing({ topics: 0, auth: 'token' }, ({ url, world }) =>
      looking({ colorScheme, bypassCSP: true, reducedMotion: 'reduce', refused: [401, 404] }, async (page) => {
        await page.goto(url);
        await page.getByLabel('Token').fill('wrong');
        await page.keyboard.press('Enter');
        await page.getByRole('alert').waitFor();
        assert.deepEqual(await axeFindings(page), []);
        await page.goto(`${url}/topics#token=${world.token}`);
        await page.getByText('There are no topics yet').waitFor();
        assert.deepEqual(await axeFindings(page), []);
        await page.goto(url + '/topics/there-is-none');
        await page.getByRole('alert').waitFor();
        assert.deepEqual(await axeFindings(page), []);
      }),
    ));
}

test('with the keyboard alone: to a topic, through its tabs and rows, and the link copied', () =>
  standing({ topics: 200 }, ({ url }) =>
    looking({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
      await page.goto(url);
      await settled(page);
      await page.keyboard.press('g');
      await page.keyboard.press('t');
      await page.getByRole('heading', { name: 'Topics' }).waitFor();
      await settled(page);
      const names = await rowNames(page);
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('k');
      assert.equal(await page.locator(':focus').innerText(), names[1]);
      await page.keyboard.press('c');
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), names[1]);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: names[1] }).waitFor();
      for (let tab = 0; tab < 3; tab++) await page.keyboard.press(']');
      await page.getByText('retention.ms').first().waitFor();
      await page.keyboard.press('y');
      assert.equal(
        await page.evaluate(() => navigator.clipboard.readText()),
        `${url}/topics/${names[1]}/configuration`,
      );
      await page.keyboard.press('/');
      await page.keyboard.type('retention.ms');
      await page.waitForFunction(() => document.querySelectorAll('tbody tr[data-row]').length === 1);
      await page.keyboard.press('Tab');
      while ((await page.locator('tbody :focus').count()) === 0) await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog', { name: 'retention.ms' }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.equal(await page.locator(':focus').innerText(), 'retention.ms', 'the focus is back where it came from');
    }),
  ));

test('the end of ten thousand rows is a key away, and the focus goes with it', () =>
  standing({}, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics');
      await settled(page);
      await page.keyboard.press('j');
      await page.keyboard.press('End');
      await page.waitForFunction(
        () => document.activeElement?.closest('tr')?.getAttribute('aria-rowindex') === '10215',
      );
      await page.keyboard.press('Home');
      await page.waitForFunction(() => document.activeElement?.closest('tr')?.getAttribute('aria-rowindex') === '2');
    }),
  ));

test('the palette finds, and its choice opens', () =>
  standing({}, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics');
      await settled(page);
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('invoice-w');
      await page.getByRole('option', { name: /invoice-writer/ }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'invoice-writer' }).waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('dark theme');
      await page.keyboard.press('Enter'); // before the answer is here
      await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
      await page.reload();
      await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
    }),
  ));

// 720 by 450 is also what 1440 by 900 is at 200 % zoom.
for (const viewport of [
  { width: 1024, height: 768 },
  { width: 720, height: 900 },
  { width: 720, height: 450 },
]) {
  test(`nothing is out of reach at ${viewport.width} by ${viewport.height}`, () =>
    standing({ topics: 200 }, ({ url }) =>
      looking({ viewport }, async (page) => {
        for (const [name, path] of Object.entries(screens)) {
          await page.goto(url + path);
          await settled(page);
          const beyond = await page.evaluate(() => {
            const inside = (element) =>
              element.closest('.over-x, .tabs, .cmd, .seg, pre, .seen-not, .toast, .skip, .preview') === null;
            return [...document.querySelectorAll('#app *')]
              .filter(
                (one) => inside(one) && one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1,
              )
              .map((one) => one.outerHTML.slice(0, 80));
          });
          assert.deepEqual(beyond, [], name);
          const columns = await page.locator('.scroll thead th:visible').count();
          if (viewport.width < 860 && columns) assert.ok(columns <= 4, `${name}: ${columns} columns`);
        }
      }),
    ));
}

test('nothing moves for those who want nothing to move', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({ reducedMotion: 'reduce' }, async (page) => {
      await page.goto(url + '/topics/billing.invoices/configuration?option=retention.ms');
      await page.getByRole('dialog').waitFor();
      const moving = await page.evaluate(
        () => document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 0).length,
      );
      assert.equal(moving, 0);
      assert.equal(await page.locator('.drawer').evaluate((one) => getComputedStyle(one).animationName), 'none');
    }),
  ));

test('figures and times are the same in every language', () =>
  standing({ topics: 20 }, async ({ url }) => {
    const texts = {};
    for (const locale of ['en-GB', 'de-DE', 'sv-SE']) {
      await looking({ locale }, async (page) => {
        await page.clock.setFixedTime(new Date(Date.UTC(2026, 10, 28, 6, 42, 3, 204)));
        texts[locale] = '';
        for (const path of ['/', '/topics', '/groups/invoice-writer']) {
          await page.goto(url + path);
          await settled(page);
          texts[locale] += await page.locator('main').innerText();
        }
      });
    }
    assert.equal(texts['de-DE'], texts['en-GB']);
    assert.equal(texts['sv-SE'], texts['en-GB']);
    assert.match(texts['en-GB'], /27790340/);
  }));

test('times are local, and in UTC for those who choose so', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.clock.setFixedTime(new Date(Date.UTC(2026, 10, 28, 6, 42, 3, 204)));
      await page.goto(url);
      await page.getByText('checked 07:42:03').waitFor();
      await page.getByRole('button', { name: /Local, UTC\+01:00/ }).click();
      await page.getByText('checked 06:42:03').waitFor();
      assert.match(
        await page.locator('time').first().getAttribute('title'),
        /28 Nov 2026 06:42:03.204 UTC\n1795848123204 ms\n0 s ago/,
      );
    }),
  ));

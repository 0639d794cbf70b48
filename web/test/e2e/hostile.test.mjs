// What strangers wrote is text, wherever it stands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, settled } from './browser.mjs';
import { pageText, standing } from './pages_under_test.mjs';

const MARKUP = '<img src=x onerror="document.title=1">';
const CLOSING = '</script><script>document.title=1</script>';
const TURNED = 'invoice\u202Egnp.exe';
const HUGE = 'x'.repeat(1024 * 1024);

function hostile(world) {
  const [group] = world.groups;
  world.groups = [MARKUP, CLOSING, TURNED, 'a\nb\u0000c', 'javascript:alert(1)', "' onclick='x", HUGE].map((name) => ({
    ...group,
    name,
    problem: name.slice(0, 200),
    protocol_type: name.slice(0, 200),
  }));
  world.topics = [MARKUP, CLOSING].map((name) => ({ ...world.topics[0], name, cleanup: [MARKUP, 'delete'] }));
}

const screens = [
  '/',
  '/topics',
  '/groups',
  `/groups/${encodeURIComponent(MARKUP)}`,
  `/groups/${encodeURIComponent(CLOSING)}/members`,
  `/topics/${encodeURIComponent(MARKUP)}`,
  `/topics/${encodeURIComponent(CLOSING)}/groups`,
  `/topics/${encodeURIComponent(MARKUP)}/configuration`,
];

for (const colorScheme of ['light', 'dark']) {
  test(`hostile names in every field are text only (${colorScheme})`, () =>
    standing({ topics: 3, groups: 3 }, ({ url, world }) => {
      hostile(world);
      return looking({ colorScheme }, async (page) => {
        for (const screen of screens) {
          await page.goto(url + screen);
          await settled(page);
          assert.equal(await page.locator('img, #app script, iframe, [onerror], [onclick]').count(), 0, screen);
          assert.doesNotMatch(await page.title(), /^1$/);
        }
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox').fill('<img');
        await page.getByRole('option').first().waitFor();
        assert.equal(await page.locator('img').count(), 0);
      });
    }));
}

test('characters that turn text round are shown by their numbers', () =>
  standing({ topics: 3, groups: 3 }, ({ url, world }) => {
    hostile(world);
    return looking({}, async (page) => {
      await page.goto(url + '/groups');
      await settled(page);
      assert.ok((await page.locator('.esc').allTextContents()).includes('U+202E'));
      assert.ok((await page.locator('body').innerText()).includes('1048576 characters'));
      assert.ok((await page.locator('*').count()) < 2500);
    });
  }));

test('the page has no script, style or handler of its own in the HTML', () => {
  assert.doesNotMatch(pageText, /<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
  assert.equal(pageText.split('<!--boot-->').length, 2);
});

test('answers that come inside the page are used, and are text as well', () =>
  standing({ topics: 3, groups: 3 }, ({ url, world }) => {
    hostile(world);
    return looking({}, async (page) => {
      const cluster = { ...(await (await fetch(url + '/api/v1/cluster')).json()), sentence: CLOSING };
      const boot = JSON.stringify({ '/api/v1/cluster': cluster }).replaceAll('<', '\\u003c');
      await page.route(url + '/', async (route) => {
        const response = await route.fetch();
        const body = (await response.text()).replace(
          '<!--boot-->',
          () => `<script type="application/json" id="boot">${boot}</script>`,
        );
        await route.fulfill({ response, body });
      });
      await page.route(url + '/api/v1/cluster', () => {}); // never answered, so that what is shown came inside the page
      await page.goto(url + '/');
      await page.getByText(CLOSING).waitFor();
    });
  }));

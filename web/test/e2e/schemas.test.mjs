// Schemas: ten thousand of them, versions beside each other, and a draft that is checked while it is typed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, rowNames, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';

const dialog = (page) => page.getByRole('dialog');
const button = (page, name) => dialog(page).getByRole('button', { name });
const ORDERS = '/schemas/orders.events.v1-value';

test('10 000 subjects are filtered, scrolled to the end, and only those in sight are drawn', () =>
  standing({ topics: 20, subjects: 10_000 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/schemas');
      await settled(page);
      assert.equal(await page.locator('table').getAttribute('aria-rowcount'), '10001');
      assert.ok((await page.locator('tbody tr').count()) < 60);
      await page.locator('.scroll').evaluate((box) => (box.scrollTop = box.scrollHeight));
      await page.getByRole('link', { name: 'team-96.stream-09893-value' }).waitFor();
      await page.getByLabel(/Filter by name/).fill('stream-09997');
      await page.getByText('1 of them').waitFor();
      assert.deepEqual(await rowNames(page), ['team-06.stream-09997-value']);
    }),
  ));

test('the latest version stands beside the one before it, any two can be compared, and the address says which', () =>
  standing({ topics: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + ORDERS);
      await page.getByRole('heading', { name: 'v4 against v5' }).waitFor();
      await page.locator('.diff .new').first().waitFor();
      assert.match(await page.locator('.diff td.line.new').last().innerText(), /voucher/);
      await page.getByRole('link', { name: 'Unified' }).click();
      await page.getByRole('link', { name: /^B?v3/ }).click();
      await page.getByRole('heading', { name: 'v2 against v3' }).waitFor();
      await page.locator('.diff td.line.gone').first().waitFor(); // the versions' texts come after the heading
      assert.deepEqual(await page.locator('.diff td.line.gone').count(), 1);
      await page.getByLabel('A', { exact: true }).selectOption('v1');
      await page.getByRole('heading', { name: 'v1 against v3' }).waitFor();
      assert.match(page.url(), /a=1/);
      await page.getByRole('link', { name: 'As sent' }).click();
      await page.locator('.diff').getByText('{"type": "record","name": "OrderEvent"').first().waitFor();
    }),
  ));

test('a draft is checked while it is typed, refused with the place, and registered when it fits', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + ORDERS);
      await page.getByRole('link', { name: 'Draft v6' }).click();
      const editor = page.getByLabel('The draft', { exact: true });
      const text = await editor.inputValue();
      const withField = (field) => text.replace('  ]\n}', `,   ${field}\n  ]\n}`);
      const verdict = page.getByRole('region', { name: 'Verdict' });
      await verdict.getByText('It is registered already, as v5').waitFor();
      await editor.fill(withField('{"name": "channel", "type": "string"}'));
      await verdict.getByText('It breaks BACKWARD with v5: programs on it could not read what was written before').waitFor();
      await verdict.getByText('/fields/6').waitFor();
      await verdict.getByText('READER_FIELD_MISSING_DEFAULT_VALUE').waitFor();
      await page.getByRole('link', { name: 'Register v6' }).click();
      await dialog(page).getByText(/Until then nothing can be applied/).waitFor();
      assert.ok(await button(page, 'Register v6').isDisabled());
      await button(page, 'Cancel').click();
      await editor.fill('{');
      await verdict.getByText('This is no schema').waitFor();
      await editor.fill(withField('{"name": "channel", "type": "string", "default": "web"}'));
      await verdict.getByText('It fits BACKWARD').waitFor();
      assert.match(await page.locator('.diff td.line.new').last().innerText(), /channel/);
      await page.getByRole('link', { name: 'Groups' }).click(); // and back: nothing is lost
      await page.goBack();
      assert.match(await editor.inputValue(), /channel/);
      await page.getByRole('link', { name: 'Register v6' }).click();
      await button(page, 'Register v6').and(page.locator(':enabled')).click();
      await dialog(page).waitFor({ state: 'detached' });
      assert.deepEqual(world.acts, ['Register version 6 of orders.events.v1-value']);
      await page.getByRole('link', { name: 'Draft v6' }).waitFor();
    }),
  ));

test('a subject is registered, its level set, and deleted softly, then for good with its name typed', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ refused: [422, 404] }, async (page) => {
      await page.goto(url + '/schemas');
      await page.getByRole('link', { name: 'Register schema' }).click();
      await dialog(page).getByLabel('Subject').fill('fresh-value');
      await dialog(page).getByLabel('Schema', { exact: true }).fill('{');
      await dialog(page).getByRole('alert').getByText(/expected/).waitFor();
      await dialog(page).getByLabel('Schema', { exact: true }).fill('{"type":"record","name":"F","fields":[]}');
      await button(page, 'Register fresh-value').and(page.locator(':enabled')).click();
      await page.getByRole('heading', { name: 'fresh-value' }).waitFor();
      await page.getByRole('link', { name: 'Set level' }).click();
      await dialog(page).getByLabel('Compatibility level').selectOption('FULL');
      await button(page, 'Set FULL').and(page.locator(':enabled')).click();
      await page.getByText('FULL, its own').waitFor();
      await page.getByRole('link', { name: 'Delete', exact: true }).click();
      await button(page, 'Delete fresh-value').and(page.locator(':enabled')).click();
      await page.waitForURL(/\/schemas$/);
      await page.goto(url + '/schemas/fresh-value?act=delete');
      const act = button(page, 'Delete fresh-value for good');
      await act.waitFor();
      assert.ok(await act.isDisabled());
      await dialog(page).getByLabel(/Type fresh-value/).fill('fresh-value');
      await act.click();
      await page.waitForURL(/\/schemas$/);
      assert.equal(world.acts.length, 4);
    }),
  ));

test('a console that only reads offers no draft and no change', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      world.readOnly = true;
      for (const path of ['/schemas', ORDERS, ORDERS + '?b=draft']) {
        await page.goto(url + path);
        await settled(page);
        const labels = await page.locator('main :is(a.btn, button)').allInnerTexts();
        assert.deepEqual(
          labels.filter((label) => /^(register|draft|set|delete|discard)/i.test(label)),
          [],
          path,
        );
        assert.equal(await page.getByLabel('The draft', { exact: true }).count(), 0);
      }
    }),
  ));

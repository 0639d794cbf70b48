// Changes: planned first, done second, and never offered where the console only reads.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looking, rowNames, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';

const dialog = (page) => page.getByRole('dialog');
const button = (page, name) => dialog(page).getByRole('button', { name });

test('a topic is planned while it is typed, its name refused where it is wrong, and then made', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ refused: [400, 409] }, async (page) => {
      await page.goto(url + '/topics');
      await page.getByRole('link', { name: 'Create topic' }).click();
      assert.equal(new URL(page.url()).search, '?act=create');
      const name = dialog(page).getByLabel('Name', { exact: true });
      await name.fill('a b');
      await dialog(page).getByText('letters, digits, dots').waitFor();
      assert.equal(await name.getAttribute('aria-invalid'), 'true');
      assert.ok(await button(page, /^Create/).isDisabled());
      await name.fill('billing.invoices');
      await dialog(page).getByText('there is one of this name').waitFor();
      await name.fill('fresh');
      await dialog(page).getByLabel('Partitions').fill('6');
      await dialog(page).getByText('Create the topic fresh with 6 partitions').waitFor();
      assert.deepEqual(world.acts, []);
      await button(page, 'Create fresh').click();
      await page.getByRole('heading', { name: 'fresh' }).waitFor();
      assert.equal(world.acts.length, 1);
    }),
  ));

test('what cannot be undone wants its name', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics/orders.events.v0');
      await page.getByRole('link', { name: 'Delete', exact: true }).click();
      const act = button(page, /Delete orders\.events\.v0 and its 88120411 records/);
      await act.waitFor();
      assert.ok(await act.isDisabled());
      const typed = dialog(page).getByLabel(/Type orders\.events\.v0/);
      await typed.fill('orders.events.v1');
      assert.ok(await act.isDisabled());
      await typed.fill('orders.events.v0');
      await act.click();
      await page.waitForURL(/\/topics$/);
      await settled(page);
      assert.ok(!(await rowNames(page)).includes('orders.events.v0'));
      assert.deepEqual(world.acts, ['Delete the topic orders.events.v0 with its 12 partitions']);
    }),
  ));

test('a reset shows each partition, is refused while somebody reads, and applied when nobody does', () =>
  standing({ topics: 20, groups: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + '/groups/invoice-writer');
      await page.getByRole('link', { name: 'Reset offsets' }).click();
      await button(page, 'Earliest').click();
      await dialog(page).getByText('The group must be empty first: 3 members are connected').waitFor();
      assert.ok(await button(page, 'Apply to 12 partitions').isDisabled());
      assert.equal(await dialog(page).locator('tbody tr').count(), 12);
      world.groups[0].members = 0;
      await button(page, 'Apply to 12 partitions').and(page.locator(':enabled')).click({ timeout: 8000 });
      await dialog(page).waitFor({ state: 'detached' });
      assert.deepEqual(world.acts, ['Reset 12 partitions of the group invoice-writer']);
    }),
  ));

test('a plan that is not true any more is refused, and the new one is shown', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({ refused: [409] }, async (page) => {
      await page.goto(url + '/topics/feature.flags?act=grow');
      const act = button(page, 'Add 1 partition');
      await act.and(page.locator(':enabled')).waitFor();
      world.moved = 1;
      await act.click();
      assert.match(await dialog(page).getByRole('alert').innerText(), /has changed since it was planned/);
      assert.deepEqual(world.acts, []);
      await act.and(page.locator(':enabled')).click();
      await dialog(page).waitFor({ state: 'detached' });
      assert.equal(world.acts.length, 1);
    }),
  ));

test('an option is planned as it is typed, from and to, and taken back', () =>
  standing({ topics: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      await page.goto(url + '/topics/billing.invoices/configuration?option=retention.ms');
      const value = dialog(page).getByLabel('Value');
      await value.fill('86400000');
      const row = dialog(page).getByRole('row', { name: /retention\.ms/ });
      await row.getByText('2592000000').waitFor();
      await row.getByText('86400000').waitFor();
      await button(page, 'Set to 1 day').and(page.locator(':enabled')).waitFor();
      await button(page, 'Back to what is inherited').click();
      await row.getByText('604800000').waitFor();
      await button(page, 'Take it back').click();
      await dialog(page).waitFor({ state: 'detached' });
      assert.equal(world.acts.length, 1);
    }),
  ));

test('a console that only reads offers no change on any screen', () =>
  standing({ topics: 20, groups: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      world.readOnly = true;
      const changes = /^(create|delete|reset|add|set|apply|take)\b/i;
      for (const path of [
        '/topics',
        '/topics/billing.invoices',
        '/topics/billing.invoices/configuration?option=retention.ms',
        '/groups/invoice-writer',
        '/brokers/1/configuration?option=retention.ms',
      ]) {
        await page.goto(url + path);
        await settled(page);
        const labels = await page.locator('main :is(a.btn, button), dialog :is(a.btn, button)').allInnerTexts();
        assert.deepEqual(
          labels.filter((label) => changes.test(label)),
          [],
          path,
        );
      }
    }),
  ));

test('the keyboard alone resets a group, and the focus goes back where it came from', () =>
  standing({ topics: 20, groups: 20 }, ({ url, world }) =>
    looking({}, async (page) => {
      world.groups[0].members = 0;
      await page.goto(url + '/groups/invoice-writer');
      await settled(page);
      await page.getByRole('link', { name: 'Reset offsets' }).focus();
      await page.keyboard.press('Enter');
      await button(page, 'Latest').focus();
      await page.keyboard.press('Enter');
      await button(page, /^Apply to/)
        .and(page.locator(':enabled'))
        .focus();
      await page.keyboard.press('Enter');
      await dialog(page).waitFor({ state: 'detached' });
      assert.equal(world.acts.length, 1);
      assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Reset offsets');
    }),
  ));

test('plots are read with the pointer and as a table', () =>
  standing({ topics: 20, groups: 20 }, ({ url }) =>
    looking({}, async (page) => {
      await page.goto(url + '/groups/invoice-writer');
      const plot = page.getByRole('img', { name: /^Records behind: records/ });
      await plot.waitFor();
      await plot.hover({ position: { x: 300, y: 60 } });
      await page.locator('.told').getByText('records').waitFor();
      await page.getByText('Show figures').first().click();
      assert.ok((await page.locator('.figures tbody tr').count()) > 50);
      await page.getByRole('button', { name: '1 h' }).click();
      await page.waitForResponse(/minutes=60/);
    }),
  ));

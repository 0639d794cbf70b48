// A browser that forgives nothing: an error on the console, or something that the policy refused, fails the test.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';

const WEB = process.env.WEB;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
const axe = readFileSync(join(WEB, 'node_modules/axe-core/axe.min.js'), 'utf8');
export const WIDE = { width: 1440, height: 900 };

let browser;
before(
  async () =>
    (browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })),
);
after(() => browser?.close());

const STRICT = { viewport: WIDE, timezoneId: 'Europe/Berlin', locale: 'en-GB' };

// Runs `look` in a fresh browser context and checks afterwards that nothing was complained of. `refused` names statuses of
// answers that the test provokes, `allowed` other words
// that it does: the browser writes those to the console.
export async function looking(options, look) {
  const { refused = [], cut = false, allowed, ...more } = options;
  const context = await browser.newContext({ ...STRICT, ...more });
  const complaints = [];
  const provoked = (text) =>
    allowed?.test(text) ||
    refused.some((status) => text.includes(`status of ${status}`)) ||
    (cut && text.includes('ERR_CONNECTION'));
  context.on('page', (page) => {
    page.on(
      'console',
      (message) => message.type() === 'error' && !provoked(message.text()) && complaints.push(message.text()),
    );
    page.on('pageerror', (error) => complaints.push(String(error)));
  });
  await context.addInitScript(() =>
    addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    ),
  );
  try {
    await look(await context.newPage(), context);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

// What axe-core finds of WCAG 2 A and AA. It has to get past the page's policy, so the page is opened again without it.
export async function axeFindings(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] });
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map((node) => node.target.join(' '))
          .slice(0, 3)
          .join(', ')}`,
    );
  });
}

// Waits until the screen shows data: rows, or what stands in their place.
export async function settled(page) {
  await page.locator('main :is(h1, h2)').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], tr.wait') && document.fonts.status === 'loaded');
}

export const rowNames = (page) => page.locator('tbody a.name').allTextContents();

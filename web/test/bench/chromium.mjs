// A Chromium for measuring: nothing of it runs that no user has asked for.
import { chromium } from 'playwright-core';

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
export const WIDE = { width: 1440, height: 900 };

export async function browsing(use) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    await use(await browser.newPage({ viewport: WIDE }), browser);
  } finally {
    await browser.close();
  }
}

// A Chromium for measuring: nothing of it runs that no user has asked for.
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'];
const WIDE = { width: 1440, height: 900 };

export async function browsing(use) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  try {
    await use(await browser.newPage({ viewport: WIDE }), browser);
  } finally {
    await browser.close();
  }
}

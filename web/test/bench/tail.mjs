// node test/bench/tail.mjs URL MINUTES SECONDS
//
// Looks at a tab every so many seconds: its heap after the garbage is collected, its nodes, its process, and the last
// line of its list. One JSON object a line.
import { readFileSync } from 'node:fs';
import { browsing } from './chromium.mjs';

const [url, minutes, seconds] = process.argv.slice(2);
const MIB = 1024 * 1024;

const residentMib = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

await browsing(async (page, browser) => {
  const tab = await page.context().newCDPSession(page);
  const machine = await browser.newBrowserCDPSession();
  await tab.send('Performance.enable');
  await page.goto(url);
  await page.locator('tbody tr').first().waitFor({ timeout: 60_000 });

  async function look() {
    await tab.send('HeapProfiler.collectGarbage');
    const { metrics } = await tab.send('Performance.getMetrics');
    const value = (name) => metrics.find((metric) => metric.name === name).value;
    const { processInfo } = await machine.send('SystemInfo.getProcessInfo');
    const tabs = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMib(id));
    return {
      minutes: (Date.now() - begun) / 60_000,
      heap_mib: value('JSHeapUsedSize') / MIB,
      nodes: value('Nodes'),
      process_mib: Math.max(...tabs),
      rows: Number(await page.locator('table').getAttribute('aria-rowcount')) - 1,
      says: (await page.locator('.foot-line').innerText()).replace(/\s+/g, ' '),
    };
  }

  const begun = Date.now();
  for (const end = begun + minutes * 60_000; Date.now() < end; ) {
    await new Promise((done) => setTimeout(done, Math.min(seconds * 1000, end - Date.now())));
    console.log(JSON.stringify(await look()));
  }
});

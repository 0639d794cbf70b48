// node test/bench/tail.mjs URL MINUTES SECONDS
//
// Looks at a tab every so many seconds: its heap after the garbage is collected, its nodes, its process, and the last
// line of its list. One JSON object a line.
import { readFileSync } from 'node:fs';
import { withTab } from './tab.mjs';

const [url, minutes, seconds] = process.argv.slice(2);
const MIB = 1024 * 1024;
const FIRST_ROW_WITHIN = 60_000;

const pause = (time) => new Promise((done) => setTimeout(done, time));
const residentMib = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

await withTab(url, async ({ call, evaluate, machine }) => {
  await call('Performance.enable');
  for (const end = Date.now() + FIRST_ROW_WITHIN; !(await evaluate("document.querySelector('tbody tr') !== null")); await pause(100))
    if (Date.now() > end) throw new Error('no row has come');

  async function look() {
    await call('HeapProfiler.collectGarbage');
    const { metrics } = await call('Performance.getMetrics');
    const value = (name) => metrics.find((metric) => metric.name === name).value;
    const { processInfo } = await machine('SystemInfo.getProcessInfo');
    const tabs = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMib(id));
    return {
      minutes: (Date.now() - begun) / 60_000,
      heap_mib: value('JSHeapUsedSize') / MIB,
      nodes: value('Nodes'),
      process_mib: Math.max(...tabs),
      rows: Number(await evaluate("document.querySelector('table').getAttribute('aria-rowcount')")) - 1,
      says: (await evaluate("document.querySelector('.foot-line').innerText")).replace(/\s+/g, ' '),
    };
  }

  const begun = Date.now();
  for (const end = begun + minutes * 60_000; Date.now() < end; ) {
    await pause(Math.min(seconds * 1000, end - Date.now()));
    console.log(JSON.stringify(await look()));
  }
});

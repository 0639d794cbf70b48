// A tab of Chromium, spoken to over the pipe of its debugging protocol. Playwright asks a tab to report its network, and
// a tab that does keeps what it was answered: the process of one that is read from for an hour would grow by all of it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHROMIUM, FLAGS, WIDE } from './chromium.mjs';

const END = '\0';

// The two pipes of one browser: call(method, params, session) gives its result.
function speaking(process) {
  const [asked, answers] = [process.stdio[3], process.stdio[4]];
  const waiting = new Map();
  let last = 0;
  let rest = '';
  answers.setEncoding('utf8');
  answers.on('data', (text) => {
    const messages = (rest + text).split(END);
    rest = messages.pop();
    for (const { id, result, error } of messages.map((message) => JSON.parse(message))) {
      const call = waiting.get(id); // nothing: an event
      waiting.delete(id);
      if (error) call?.reject(new Error(error.message));
      else call?.resolve(result);
    }
  });
  process.on('exit', () => waiting.forEach(({ reject }) => reject(new Error('Chromium has ended'))));
  return (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      asked.write(JSON.stringify({ id: last, method, params, sessionId }) + END);
    });
}

// use({ call, evaluate, machine }): call() to the tab, evaluate() an expression in it, machine() to the browser.
export async function withTab(url, use) {
  const profile = mkdtempSync(join(tmpdir(), 'thalweg-tab-'));
  const size = `--window-size=${WIDE.width},${WIDE.height}`;
  const process = spawn(CHROMIUM, [...FLAGS, '--headless=new', '--remote-debugging-pipe', `--user-data-dir=${profile}`, size], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise((resolve) => process.once('exit', resolve));
  try {
    const machine = speaking(process);
    const { targetId } = await machine('Target.createTarget', { url });
    const { sessionId } = await machine('Target.attachToTarget', { targetId, flatten: true });
    const call = (method, params) => machine(method, params, sessionId);
    const evaluate = async (expression) => (await call('Runtime.evaluate', { expression, returnByValue: true })).result.value;
    await use({ call, evaluate, machine });
    await machine('Browser.close');
  } finally {
    process.kill();
    await gone;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // its children may still write there
  }
}

// node test/run.mjs unit|e2e [--only WORDS]
//
// Builds the tests of one kind and runs them with node:test.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { built, here, web } from './load.mjs';

const [kind, ...args] = process.argv.slice(2);
const only = args[0] === '--only' ? args[1] : undefined;
const sources = readdirSync(join(here, kind)).filter((name) => /\.test\.(ts|mjs)$/.test(name));
const folder = mkdtempSync(join(web, `node_modules/.${kind}-`));
await built(
  sources.map((name) => join(here, kind, name)),
  folder,
);

const files = sources.map((name) => join(folder, kind, name.replace(/\.\w+$/, '.mjs')));
const flags = [
  '--enable-source-maps',
  '--test',
  '--test-concurrency=2',
  ...(only ? [`--test-name-pattern=${only}`] : []),
];
const env = { ...process.env, WEB: web };
const child = spawn(process.execPath, [...flags, ...files], { stdio: 'inherit', env });
child.on('exit', (code) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(code ?? 1);
});

// Builds the pages: node build.mjs [--out DIR] [--quiet]
//
// DIR (build/ without it) then holds each file gzipped, under a name with the hash of what is in it, and assets.c, which
// embeds them in the server: C23's #embed, a table of struct console_asset. Ends with 1 where a budget is passed.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

// KiB, gzipped (fonts are compressed already).
const BUDGETS = { entry: 45, screen: 15, css: 8, html: 2, fonts: 53, all: 180 };
// Lines of what is our own instead of a package: past it, take the package.
const LINES = [
  { files: ['src/ui/table.tsx', 'src/ui/table_rows.tsx', 'src/ui/table_hooks.ts'], most: 400 },
  { files: ['src/router.ts'], most: 120 },
  { files: ['src/ui/virtual.ts', 'src/ui/spark.tsx'], most: 120 },
];

const TYPES = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export const options = {
  absWorkingDir: here,
  entryPoints: [
    { in: 'src/main.tsx', out: 'main' },
    { in: 'src/styles/index.css', out: 'style' },
  ],
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['es2022', 'chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.woff2': 'file', '': 'text' },
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: '/assets',
  outdir: 'assets',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  write: false,
};

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

// The page with links to what it needs at once: fonts before the style sheet names them, and what the frame imports.
// What only screens share comes with the first of them.
export function html(files) {
  const all = (pattern) => files.map((file) => file.name).filter((name) => pattern.test(name));
  const one = (pattern) => all(pattern)[0];
  const head = [
    ...all(/\.woff2$/).map(
      (name) => `<link rel="preload" href="/assets/${name}" as="font" type="font/woff2" crossorigin>`,
    ),
    `<link rel="stylesheet" href="/assets/${one(/^style-.*\.css$/)}">`,
    `<script type="module" src="/assets/${one(/^main-.*\.js$/)}"></script>`,
    ...files
      .filter((file) => file.early && file.name.startsWith('chunk-'))
      .map(({ name }) => `<link rel="modulepreload" href="/assets/${name}">`),
  ].join('\n');
  return readFileSync(join(here, 'src/index.html'), 'utf8').replace('<!--head-->', head);
}

export async function bundle(more = {}) {
  const result = await esbuild.build({ ...options, minify: true, ...more });
  const early = importedBy('src/main.tsx', result.metafile.outputs);
  const files = result.outputFiles.map((file) => {
    const name = basename(file.path);
    return { name, bytes: Buffer.from(file.contents), early: early.has(name) };
  });
  return { files, inputs: result.metafile };
}

// The names of what an entry's file needs before it runs, and of itself; not what it imports later on.
function importedBy(entry, outputs) {
  const found = new Set();
  const add = (path) => {
    if (found.has(basename(path))) return;
    found.add(basename(path));
    for (const { path: next, kind } of outputs[path].imports) if (kind === 'import-statement') add(next);
  };
  for (const [path, { entryPoint }] of Object.entries(outputs)) if (entryPoint === entry) add(path);
  return found;
}

export function assetsOf(files) {
  const page = { path: '/index.html', bytes: Buffer.from(html(files)), immutable: false };
  const icon = { path: '/favicon.svg', bytes: readFileSync(join(here, 'src/favicon.svg')), immutable: false };
  const hashed = files.map(({ name, bytes, early }) => ({ path: `/assets/${name}`, bytes, early, immutable: true }));
  return [page, icon, ...hashed].map((asset) => {
    const gzip = gzipSync(asset.bytes, { level: 9 });
    gzip[9] = 255; // the system's name in the header: the same bytes wherever it is built
    return { ...asset, type: TYPES[extname(asset.path)], hash: hashOf(asset.bytes), gzip };
  });
}

// What the server includes. The table's form is in console/assets.h.
function cSource(assets, out) {
  const blobs = assets.map(
    (asset, index) => `static const unsigned char blob_${index}[] = {\n#embed "${join(out, fileOf(asset))}"\n};`,
  );
  const rows = assets.map(
    ({ path, type, hash, gzip, bytes, immutable }, index) =>
      `    {"${path}", "${type}", "\\"${hash}\\"", blob_${index}, ${gzip.length}, ${bytes.length}, ${immutable ? 1 : 0}},`,
  );
  return [
    '// Written by web/build.mjs.',
    '#include "console/assets.h"',
    '',
    ...blobs,
    '',
    'const struct console_asset console_assets[] = {',
    ...rows,
    '};',
    `const unsigned long console_assets_count = ${assets.length};`,
    '',
  ].join('\n');
}

const fileOf = (asset) => basename(asset.path) + '.gz';

function report(assets) {
  const kib = (found) => found.reduce((sum, { gzip }) => sum + gzip.length, 0) / 1024;
  const by = (pattern) => assets.filter(({ path }) => pattern.test(path));
  const rows = [
    ['entry', kib(by(/\.js$/).filter(({ early }) => early)), BUDGETS.entry],
    ...by(/\.js$/)
      .filter(({ path }) => !/\/(main|chunk)-/.test(path))
      .map((asset) => [basename(asset.path), kib([asset]), BUDGETS.screen]),
    ['css', kib(by(/\.css$/)), BUDGETS.css],
    ['html', kib(by(/\.html$/)), BUDGETS.html],
    ['fonts', kib(by(/\.woff2$/)), BUDGETS.fonts],
    ['all', kib(assets), BUDGETS.all],
  ].map(([name, size, budget]) => ({
    line: `${name.padEnd(34)} ${size.toFixed(1).padStart(6)} of ${budget} KiB`,
    over: size > budget,
  }));
  for (const { files, most } of LINES) {
    const lines = files.reduce((sum, file) => sum + readFileSync(join(here, file), 'utf8').split('\n').length - 1, 0);
    rows.push({ line: `${files[0].padEnd(34)} ${String(lines).padStart(6)} of ${most} lines`, over: lines > most });
  }
  return rows;
}

async function main() {
  const args = process.argv.slice(2);
  const out = resolve(args.includes('--out') ? args[args.indexOf('--out') + 1] : join(here, 'build'));
  const { files } = await bundle();
  const assets = assetsOf(files);
  mkdirSync(out, { recursive: true });
  for (const old of readdirSync(out)) if (old.endsWith('.gz')) rmSync(join(out, old)); // of names with another hash
  for (const asset of assets) writeFileSync(join(out, fileOf(asset)), asset.gzip);
  writeFileSync(join(out, 'assets.c'), cSource(assets, out));
  const rows = report(assets);
  const over = rows.filter((row) => row.over);
  if (!args.includes('--quiet')) for (const { line, over } of rows) console.log(line + (over ? '   OVER' : ''));
  else for (const { line } of over) console.log(line + '   OVER');
  process.exitCode = over.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

// What is built: the same from the same sources, within its budgets, and complete in itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

const WEB = process.env.WEB;
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// Throws where build.mjs ends with 1: a budget is passed.
function build() {
  const out = mkdtempSync(join(tmpdir(), 'thalweg-build-'));
  folders.push(out);
  execFileSync(process.execPath, [join(WEB, 'build.mjs'), '--out', out, '--quiet']);
  const files = Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(join(out, name))]));
  return { files, table: files['assets.c'].toString().replaceAll(out, 'OUT') };
}

test('the same sources give the same bytes, within the budgets', () => {
  const [one, other] = [build(), build()];
  assert.deepEqual(Object.keys(one.files), Object.keys(other.files));
  for (const name of Object.keys(one.files)) {
    if (name.endsWith('.gz')) assert.ok(one.files[name].equals(other.files[name]), name);
  }
  assert.equal(one.table, other.table);
});

test('the table has every file with its true sizes, and the page names only files of the table', () => {
  const { files, table } = build();
  const rows = [...table.matchAll(/\{"([^"]+)", "[^"]+", "\\"[0-9a-f]{16}\\"", blob_\d+, (\d+), (\d+), [01]\}/g)];
  assert.equal(rows.length, Object.keys(files).length - 1);
  for (const [, path, packed, size] of rows) {
    const gzip = files[path.split('/').at(-1) + '.gz'];
    assert.equal(gzip.length, Number(packed), path);
    assert.equal(gunzipSync(gzip).length, Number(size), path);
  }
  const paths = new Set(rows.map(([, path]) => path));
  const page = gunzipSync(files['index.html.gz']).toString();
  const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  assert.ok(named.length > 4);
  for (const path of named) assert.ok(paths.has(path), path);
});

test('nothing is fetched from elsewhere', () => {
  const { files } = build();
  for (const [name, gzip] of Object.entries(files)) {
    if (!/\.(html|css|js)\.gz$/.test(name) || name.startsWith('about')) continue; // licences name their authors' sites
    const found =
      gunzipSync(gzip)
        .toString()
        .match(/https?:\/\/[\w.-]+/g) ?? [];
    assert.deepEqual(
      found.filter((url) => !url.endsWith('//www.w3.org')),
      [],
      name,
    ); // the names of SVG and MathML
  }
});

test('packages have exact versions, and the lock file names no registry', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(WEB, 'package.json'), 'utf8'));
  for (const version of Object.values({ ...dependencies, ...devDependencies }))
    assert.match(version, /^\d+\.\d+\.\d+$/);
  const { packages } = JSON.parse(readFileSync(join(WEB, 'package-lock.json'), 'utf8'));
  for (const [name, { resolved, integrity }] of Object.entries(packages)) {
    assert.equal(resolved, undefined, name);
    if (name) assert.match(integrity, /^sha512-/, name);
  }
});

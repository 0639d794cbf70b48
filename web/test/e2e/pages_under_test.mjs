// The pages as they are built, with made-up answers. What a real server must do itself is in server.test.mjs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { standIn, world } from '../stand-in/server.mjs';

const ROW = /\{"([^"]+)", "([^"]+)", "[^,]*", blob_\d+, \d+, \d+, (\d)\}/g;

// Builds as CMake does, and reads the table that the server would embed.
function builtPages() {
  const out = mkdtempSync(join(tmpdir(), 'thalweg-pages-'));
  try {
    execFileSync(process.execPath, [join(process.env.WEB, 'build.mjs'), '--out', out, '--quiet']);
    const table = readFileSync(join(out, 'assets.c'), 'utf8');
    const assets = [...table.matchAll(ROW)].map(([, path, type, immutable]) => ({
      path,
      type,
      immutable: immutable === '1',
      gzip: readFileSync(join(out, path.split('/').at(-1) + '.gz')),
    }));
    return new Map(assets.map((asset) => [asset.path, asset]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

export const pages = builtPages();
export const pageText = gunzipSync(pages.get('/index.html').gzip).toString();

// Runs with a stand-in of its own, which is stopped afterwards.
export async function standing(options, use) {
  const server = await standIn(pages, world(options));
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

// TypeScript for Node: what is imported from .ts is built by esbuild first, in memory.
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';

export const here = dirname(fileURLToPath(import.meta.url));
export const web = dirname(here);

// Builds entries for Node into a folder beside node_modules, so that packages are found; gives the files' paths.
export async function built(entries, outdir) {
  await esbuild.build({
    absWorkingDir: web,
    entryPoints: entries,
    outdir,
    outbase: here,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node18',
    outExtension: { '.js': '.mjs' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

export async function loadStandIn() {
  const folder = mkdtempSync(join(web, 'node_modules/.stand-in-'));
  try {
    await built([join(here, 'stand-in/server.mjs')], folder);
    return await import(pathToFileURL(join(folder, 'stand-in/server.mjs')).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// npm run dev: the pages at http://localhost:8090, built anew at each load.
//
//   npm run dev                                    with made-up answers (test/stand-in)
//   npm run dev -- --server http://localhost:8080  with those of a running server
import { createServer, request as ask } from 'node:http';
import { assetsOf, bundle } from './build.mjs';
import { loadStandIn } from './test/load.mjs';

const args = process.argv.slice(2);
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const port = Number(option('--port') ?? 8090);

const { standIn, packed } = await loadStandIn();
const build = async () => packed(assetsOf((await bundle({ minify: false })).files));
const assets = new Map();
const refresh = async () => {
  const fresh = await build();
  assets.clear();
  for (const [path, asset] of fresh) assets.set(path, asset);
};
await refresh();
const pages = await standIn(assets);
const target = new URL(option('--server') ?? pages.url);

// In front: a page's load builds anew, and the API is the chosen server's.
createServer(async (request, response) => {
  const api = request.url.startsWith('/api/');
  if (!api && !request.url.startsWith('/assets/')) await refresh().catch((error) => console.error(error.message));
  const to = api ? target : new URL(pages.url);
  const headers = { ...request.headers, host: to.host };
  delete headers.origin;
  const onward = ask(
    { host: to.hostname, port: to.port, path: request.url, method: request.method, headers },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.writeHead(502).end());
  request.pipe(onward);
}).listen(port, '127.0.0.1', () =>
  console.log(`http://localhost:${port} with the answers of ${option('--server') ?? 'the stand-in'}`),
);

// Serves the pages and made-up answers, with the same headers as the real server: for work on the pages, for pictures, and
// for what a real server cannot be made to do on demand.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import * as data from './data.ts';
import { planned } from './plans.mjs';
import * as records from './records.ts';
import * as letters from './letters.ts';
import * as schemas from './schemas.ts';
import { filterCheck, search } from './searches.mjs';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const BASE = '/api/v1';

class Refused extends Error {
  constructor(status, title, more = {}) {
    super(title);
    this.problem = { type: `/problems/${status}`, title, status, ...more };
  }
}

const missing = (what, name) =>
  new Refused(404, `There is no ${what} ${name}`, {
    code: what === 'group' ? 'GROUP_ID_NOT_FOUND' : 'UNKNOWN_TOPIC_OR_PARTITION',
    broker: 1,
    hint: 'Press Ctrl K to find it by a part of its name.',
  });

// State of one stand-in; tests change it while the server runs.
export function world({ topics, groups, subjects, auth = 'none' } = {}) {
  return {
    subjects: schemas.subjects(subjects),
    topics: data.topics(topics),
    groups: data.groups(groups),
    auth,
    token: 'drift-of-the-deepest-line',
    sessions: new Set(),
    wrong: 0,
    fail: undefined,
    readOnly: false,
    written: [], // records, the newest first
    acts: [], // changes that were carried out
    sentBack: new Set(), // dead letters, as "partition:offset"
    atOnce: Infinity, // letters that one act sends
    hold: undefined, // a promise that searches wait for after their first piece
    cut: undefined, // once it is settled, searches lose their connection there
    closed: 0, // streams that ended, whoever ended them
    elsewhere: [], // partitions that are not searched
    failed: undefined, // { problem } of a partition that cannot be searched
  };
}

function page(list, query, all = {}) {
  const from = Number(query.get('from') ?? 0);
  return {
    total: list.length,
    from,
    as_of: data.NOW,
    items: list.slice(from, from + Number(query.get('limit') ?? 100)),
    ...all,
  };
}

function sorted(list, sort) {
  const keys = sort.split(',').map((key) => [key.replace(/^-/, ''), key.startsWith('-') ? -1 : 1]);
  const value = (one, key) => (Array.isArray(one[key]) ? one[key].join() : one[key]);
  return [...list].sort((a, b) => {
    for (const [key, turn] of [...keys, ['name', 1]]) {
      const [x, y] = [value(a, key) ?? '', value(b, key) ?? ''];
      if (x !== y) return (x < y ? -1 : 1) * turn;
    }
    return 0;
  });
}

function matching(list, q) {
  if (!q) return list;
  if (!/^\/.*\/$/.test(q)) return list.filter(({ name }) => name.toLowerCase().includes(q.toLowerCase()));
  try {
    const pattern = new RegExp(q.slice(1, -1));
    return list.filter(({ name }) => pattern.test(name));
  } catch {
    throw new Refused(400, 'This is no regular expression', { fields: [{ path: 'q', message: q }] });
  }
}

const shows = {
  all: () => true,
  own: (t) => !t.internal,
  internal: (t) => t.internal,
  attention: (t) => t.short_of_replicas + t.leaderless > 0,
};

// Path pattern to answer. Names arrive decoded.
const routes = [
  ['GET /cluster', (w) => data.cluster(w.topics, w.groups)],
  ['GET /attention', () => data.attention()],
  ['GET /brokers', (w, q) => page(data.brokers(), q)],
  [
    'GET /brokers/:id',
    (w, q, id) => data.brokers().find((one) => String(one.id) === id) ?? fail(missing('broker', id)),
  ],
  [
    'GET /brokers/:id/directories',
    (w, q, id) =>
      id === '1'
        ? data.directories(1)
        : fail(
            new Refused(422, `Broker ${id} is not the one that answers`, {
              broker: 1,
              hint: 'Ask the console of that broker.',
            }),
          ),
  ],
  ['GET /brokers/:id/config', () => data.configuration()],
  ['GET /changes', () => data.changes()],
  ['GET /quorum', () => data.quorum()],
  ['GET /series', (w, q) => data.series(q.get('figures').split(','), Number(q.get('minutes')))],
  [
    'GET /names',
    (w, q) => {
      const found = data.names(q.get('q') ?? '', w.topics, w.groups);
      return { total: found.length, items: found.slice(0, Number(q.get('limit') ?? 20)) };
    },
  ],
  [
    'GET /topics',
    (w, q) =>
      page(sorted(matching(w.topics.filter(shows[q.get('show') ?? 'all']), q.get('q')), q.get('sort') ?? 'name'), q, {
        all: w.topics.length,
        internal: w.topics.filter(shows.internal).length,
        attention: w.topics.filter(shows.attention).length,
      }),
  ],
  [
    'GET /topics/:t',
    (w, q, t) => {
      const found = topicOf(w, t);
      return { ...found, groups: data.topicGroups(found).length };
    },
  ],
  [
    'GET /topics/:t/partitions',
    (w, q, t) => page(sorted(data.partitions(topicOf(w, t)), q.get('sort') ?? 'partition'), q),
  ],
  ['GET /topics/:t/groups', (w, q, t) => page(sorted(data.topicGroups(topicOf(w, t)), q.get('sort') ?? 'name'), q, { not_asked: [] })],
  ['GET /topics/:t/search', (w, q, t) => topicOf(w, t)],
  ['GET /topics/:t/records', (w, q, t) => topicOf(w, t) && records.recordPage(q, w.written)],
  [
    'GET /topics/:t/records/:p/:o',
    (w, q, t, p, o) =>
      (topicOf(w, t) && records.recordDetail(Number(p), Number(o), w.written)) ??
      fail(new Refused(404, `Partition ${p} has no record at offset ${o}`, { broker: 1 })),
  ],
  ['GET /topics/:t/records/:p/:o/value', (w, q, t, p, o) => records.recordDetail(Number(p), Number(o), w.written).record.value.text],
  [
    'POST /topics/:t/records',
    (w, q, t, body) => {
      topicOf(w, t);
      if (body.value?.format === 'int32' && !/^-?\d+$/.test(body.value.text))
        throw new Refused(422, '/value/text has to be a whole number of 32 bits', {
          fields: [{ path: '/value/text', message: 'has to be a whole number of 32 bits' }],
        });
      const made = {
        ...records.record(0),
        partition: body.partition ?? 0,
        offset: 5_000_000 + w.written.length,
        timestamp: data.NOW,
        key: body.key ? records.payload('text', body.key.text) : records.payload('null', ''),
        value: body.value ? records.payload(body.value.format, body.value.text) : records.payload('null', ''),
      };
      w.written.unshift(made);
      return { partition: made.partition, offset: made.offset, timestamp: made.timestamp };
    },
  ],
  ['GET /filters/check', (w, q) => filterCheck(q.get('where') ?? '')],
  ['GET /topics/:t/config', (w, q, t) => topicOf(w, t) && data.configuration()],
  [
    'GET /groups',
    (w, q) =>
      page(
        sorted(
          matching(w.groups, q.get('q')).filter(
            ({ state }) => !q.get('state') || q.get('state').split(',').includes(state),
          ),
          q.get('sort') ?? 'name',
        ),
        q,
        { all: w.groups.length, not_asked: [] },
      ),
  ],
  ['GET /groups/:g', (w, q, g) => data.groupDetail(groupOf(w, g))],
  [
    'GET /groups/:g/partitions',
    (w, q, g) =>
      page(
        sorted(
          data.groupPartitions(groupOf(w, g)).filter(({ topic }) => !q.get('topic') || topic === q.get('topic')),
          q.get('sort') ?? 'topic,partition',
        ),
        q,
      ),
  ],
  ['GET /groups/:g/config', () => data.configuration()],
  [
    'GET /schemas',
    (w, q) =>
      page(
        sorted(
          matching(w.subjects, q.get('q')).filter((one) => one.deleted === (q.get('show') === 'deleted')),
          q.get('sort') ?? 'name',
        ),
        q,
        { deleted: w.subjects.filter((one) => one.deleted).length },
      ),
  ],
  ['GET /schemas/:s', (w, q, s) => schemas.subjectDetail(subjectOf(w, s))],
  [
    'GET /schemas/:s/versions/:v',
    (w, q, s, v) => schemas.schemaText(subjectOf(w, s), v) ?? fail(missing('version', v)),
  ],
  ['GET /dead-letters', () => letters.queues()],
  [
    'GET /dead-letters/:t/letters',
    (w, q, t) =>
      letters.letters(t, q.get('cause'), Number(q.get('from') ?? 0), Number(q.get('limit') ?? 50), w.sentBack) ??
      fail(missing('topic', t)),
  ],
  ['GET /dead-letters/:t/causes', (w, q, t) => letters.causes(t) ?? fail(missing('topic', t))],
  ['POST /schemas/:s/check', (w, q, s, body) => schemas.check(body.text)],
].map(([pattern, answer]) => ({ parts: pattern.replace(' ', '').split('/'), answer }));

const fail = (refused) => {
  throw refused;
};
const topicOf = (w, name) => w.topics.find((one) => one.name === name) ?? fail(missing('topic', name));
const groupOf = (w, name) => w.groups.find((one) => one.name === name) ?? fail(missing('group', name));

const subjectOf = (w, name) => w.subjects.find((one) => one.name === name) ?? fail(missing('subject', name));

function routed(w, method, path, query, body) {
  const parts = (method + path).split('/');
  for (const { parts: pattern, answer } of routes) {
    if (pattern.length !== parts.length || !pattern.every((part, n) => part[0] === ':' || part === parts[n])) continue;
    const names = parts.filter((_, n) => pattern[n][0] === ':').map(decodeURIComponent);
    return answer(w, query, ...names, ...(method === 'POST' ? [JSON.parse(body)] : []));
  }
  throw new Refused(404, `Nothing is at ${path}`);
}

const cookieOf = (request) => /thalweg=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1];

function sessionOf(w, request) {
  const signedIn = w.auth === 'none' || w.sessions.has(cookieOf(request));
  const server = { version: '0.4.0', kafka: '4.3.1' };
  if (!signedIn) return { signed_in: false, sign_in: 'token', read_only: false, features: [], server };
  return {
    signed_in: true,
    sign_in: w.auth,
    principal: w.auth === 'none' ? 'User:ANONYMOUS' : 'User:operator',
    read_only: w.readOnly,
    features: [],
    server,
    cluster: { id: '5L6g3nShT-eMCtK--X86sw', name: 'prod-eu' },
    broker: 1,
  };
}

function session(w, request, response, body) {
  if (request.method === 'DELETE') {
    w.sessions.delete(cookieOf(request));
    return undefined;
  }
  if (request.method === 'POST') {
    if (w.wrong >= 5) throw new Refused(429, 'Too many wrong tokens', { hint: 'Wait a minute, then try again.' });
    if (JSON.parse(body).token !== w.token) {
      w.wrong++;
      throw new Refused(401, 'This is not the token', {
        sign_in: 'token',
        hint: 'The server writes it to its log at every start.',
      });
    }
    const id = randomBytes(16).toString('hex');
    w.sessions.add(id);
    response.setHeader('Set-Cookie', `thalweg=${id}; HttpOnly; SameSite=Strict; Path=/`);
    return sessionOf(w, { headers: { cookie: `thalweg=${id}` } });
  }
  return sessionOf(w, request);
}

// Integers beyond 2^53 are written as the server writes them: as numbers.
const json = (value) =>
  JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `\u0001${one}` : one)).replace(
    /"\\u0001(-?\d+)"/g,
    '$1',
  );

function answer(w, request, response, body) {
  const url = new URL(request.url, 'http://stand-in');
  const path = url.pathname.slice(BASE.length);
  if (path === '/session') return session(w, request, response, body);
  if (w.auth !== 'none' && !w.sessions.has(cookieOf(request)))
    throw new Refused(401, 'Sign in first', { sign_in: 'token' });
  if (w.fail?.(path))
    throw new Refused(503, 'The coordinator is loading', {
      code: 'COORDINATOR_LOAD_IN_PROGRESS',
      broker: 1,
      hint: 'Ask again in a moment.',
    });
  const refuse = (status, title, more) => new Refused(status, title, { broker: 1, ...more });
  return planned(w, request, path, url.searchParams, body, refuse) ?? routed(w, request.method, path, url.searchParams, body);
}

function api(w, request, response, body) {
  let value;
  let status = 200;
  try {
    value = answer(w, request, response, body);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    value = error.problem;
    status = value.status;
    response.setHeader('Content-Type', 'application/problem+json');
  }
  if (value === undefined) return response.writeHead(204).end();
  const text = json(value);
  const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 16)}"`;
  if (status === 200 && request.headers['if-none-match'] === etag) return response.writeHead(304, { ETag: etag }).end();
  if (status === 200) response.setHeader('Content-Type', 'application/json');
  response.writeHead(status, { ETag: etag, 'Cache-Control': 'no-cache' }).end(text);
}

const SEARCH = /^\/api\/v1\/topics\/([^/]+)\/search$/;

// A stream, unless the topic is not there.
function streamed(w, request, response) {
  const url = new URL(request.url, 'http://stand-in');
  const topic = SEARCH.exec(url.pathname)?.[1];
  if (!topic || !w.topics.some(({ name }) => name === decodeURIComponent(topic))) return false;
  void search(w, url.searchParams, response);
  return true;
}

function file(assets, request, response) {
  const { pathname } = new URL(request.url, 'http://stand-in');
  const asset =
    assets.get(pathname) ??
    (/\.[^/]*$/.test(pathname) && pathname.startsWith('/assets/') ? undefined : assets.get('/index.html'));
  if (!asset) return response.writeHead(404).end();
  response
    .writeHead(200, {
      'Content-Type': asset.type,
      'Content-Encoding': 'gzip',
      'Cache-Control': asset.immutable ? 'max-age=31536000, immutable' : 'no-cache',
    })
    .end(asset.gzip);
}

// Gives the server's address, and `stop` and `start`, which keep the port.
export async function standIn(assets, w = world(), port = 0) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      response.setHeader('Content-Security-Policy', POLICY);
      response.setHeader('X-Content-Type-Options', 'nosniff');
      response.setHeader('Referrer-Policy', 'no-referrer');
      if (streamed(w, request, response)) return;
      if (request.url.startsWith('/api/')) api(w, request, response, body);
      else file(assets, request, response);
    });
  });
  const listen = (on) => new Promise((done) => server.listen(on, '127.0.0.1', done));
  await listen(port);
  const at = server.address().port;
  const stop = () =>
    new Promise((done) => {
      server.close(done);
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${at}`, world: w, stop, start: () => listen(at) };
}

export const packed = (list) =>
  new Map(list.map((asset) => [asset.path, { ...asset, gzip: asset.gzip ?? gzipSync(asset.bytes) }]));

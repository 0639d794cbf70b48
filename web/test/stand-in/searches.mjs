// Searches of made-up records, as a stream of events. A test may hold one up after its first piece (`world.hold`), or cut it
// off there, when it likes (`world.cut`), and sees which were closed by who read them.
import { found, withColumns } from './records.ts';

const PIECE = 40;

// A path that is to be a text or a number, or words.
function matching(where) {
  const path = /^value\.(\w+) == (.+)$/.exec(where);
  const part = path ? `"${path[1]}":${path[2]}` : where;
  return (text) => text.includes(part);
}

export function filterCheck(where) {
  const at = where.indexOf('sttus');
  if (at < 0) return { ok: true, words: !/[=<>]/.test(where) };
  return { ok: false, words: false, mistake: { at, length: 5, message: 'there is no sttus', nearest: 'status' } };
}

const progressOf = (at, all, matches) => ({
  records: at, bytes: at * 420, matches, troubled: 0, unreadable: 0, offsets: at, of_offsets: all.length,
  ...(at > 0 ? { frontier: all[at - 1].timestamp } : {}),
});

export async function search(world, query, response) {
  const test = matching(query.get('where') ?? '');
  const all = found(world.written, query.get('order') === 'oldest');
  const limit = Number(query.get('limit') ?? 50);
  let [at, matches] = (query.get('cursor') ?? '0.0').split('.').map(Number);
  const before = matches;
  let closed = false;
  response.on('close', () => {
    closed = true;
    world.closed++;
  });
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const say = (event, data, id) =>
    response.write(`${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${JSON.stringify(data, (_, one) => (typeof one === 'bigint' ? Number(one) : one))}\n\n`);
  const parts = [{ partition: 0, begin: 0, end: all.length, offsets: 0, of_offsets: all.length, ...world.failed }];
  say('elsewhere', world.elsewhere);
  for (let piece = 0; !closed; piece++) {
    const rows = [];
    for (const end = Math.min(at + PIECE, all.length); at < end && matches - before < limit; at++)
      if (test(all[at].value?.text ?? '')) rows.push(all[at]) && matches++;
    const cursor = `${at}.${matches}`;
    parts[0].offsets = parts[0].begin = at;
    if (rows.length) say('records', withColumns(rows, query.get('columns')), cursor);
    say('progress', progressOf(at, all, matches));
    say('partitions', parts, cursor);
    const full = matches - before >= limit;
    if (at === all.length || full) {
      const why = world.failed ? 'problem' : at === all.length ? 'end' : 'matches';
      say('done', {
        progress: progressOf(at, all, matches), partitions: parts, elsewhere: world.elsewhere, troubles: [], why,
        ...(why === 'end' ? {} : { cursor }), items: [],
      });
      return response.end();
    }
    if (piece === 0 && world.cut) {
      await world.cut;
      return response.destroy();
    }
    if (piece === 0 && world.hold) await world.hold;
  }
}

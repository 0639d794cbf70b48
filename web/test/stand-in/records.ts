// Made-up records: what people write, and what goes wrong.
import type {
  FoundRecord,
  FoundSide,
  Payload,
  PayloadFormat,
  Record as KafkaRecord,
  RecordDetail,
  RecordPage,
} from '../../src/api/types.gen';
import { NOW } from './data';

const COUNT = 640; // records of a topic
const PARTITIONS = 12;

export const payload = (format: PayloadFormat, text: string, more: Partial<Payload> = {}): Payload => ({
  format,
  bytes: text.length,
  text,
  is_json: format === 'json' || format === 'avro',
  cut: false,
  why: format === 'null' ? 'A tombstone: there is no value.' : 'It is what it looks like.',
  ...more,
});

const reasons = ['card_declined', 'risk_score', 'insufficient_funds', 'issuer_unavailable'];
const order = (n: number): string =>
  `{"order_id":"ord-${95154811 - n * 7919}","status":"FAILED","reason":"${reasons[n % 4]}","attempt":${1 + (n % 3)},` +
  `"transaction":${9223372036854775807n - BigInt(n)},"amount":${(672.27 + n * 13.4).toFixed(2)},"currency":"CHF",` +
  `"user":{"id":${184467 + n},"email":"a.lindqvist@example.com","guest":false},"items":[{"sku":"A-1"},{"sku":"B-2"}],"voucher":null}`;

function value(n: number): Payload {
  if (n % 40 === 7) return payload('null', '');
  if (n % 40 === 13)
    return payload('hex', '0000000007fe01', {
      flaw: { format: 'avro', at: 1, message: 'schema 7: Schema not found' },
    });
  if (n % 40 === 21) return payload('json', order(n).slice(0, 200), { bytes: 5_242_880, cut: true });
  if (n % 2) return payload('json', order(n));
  return payload('avro', order(n), { schema: { id: 412, subject: 'order-events-value', version: 7 } });
}

export const record = (n: number): KafkaRecord => ({
  partition: (n * 5) % PARTITIONS,
  offset: 4_318_204 - n,
  timestamp: NOW - 1_204 - n * 4_871,
  timestamp_kind: 'create',
  key: payload('text', `cust-${248682 - n * 13}`),
  value: value(n),
  headers: 3,
  bytes: 412 + (n % 50),
});

const all = Array.from({ length: COUNT }, (_, n) => record(n));

// Paths of one or two names, without quotes.
export function withColumns<R extends { value?: { text?: string } }>(rows: R[], list: string | null): R[] {
  if (!list) return rows;
  const said = (text: string, path: string) => {
    const found = new RegExp(`"${path.split('.').at(-1)}":("[^"]*"|[^,}]*)`).exec(text)?.[1];
    return found === undefined ? { cut: false } : { text: found.replaceAll('"', ''), cut: false };
  };
  return rows.map((row) => ({ ...row, columns: list.split(',').map((path) => said(row.value?.text ?? '', path)) }));
}

// What a search looks at.
export function found(written: KafkaRecord[], oldestFirst: boolean): FoundRecord[] {
  const rows = [...written, ...all].map((one) => ({
    partition: one.partition,
    offset: one.offset,
    timestamp: one.timestamp,
    ...sideOf('key', one.key),
    ...sideOf('value', one.value),
    headers: [],
    header_count: one.headers,
    bytes: one.bytes,
    columns: [],
  }));
  return oldestFirst ? rows.reverse() : rows;
}

const sideOf = (name: 'key' | 'value', { format, bytes, text, cut }: Payload): { [side in 'key' | 'value']?: FoundSide } =>
  format === 'null' ? {} : { [name]: { bytes, cut, text } };

export interface Ask {
  get(name: string): string | null;
}

export function recordPage(query: Ask, written: KafkaRecord[]): RecordPage {
  const from = query.get('from') ?? 'newest';
  const cursor = query.get('cursor') ?? '';
  if (from === 'live' || cursor.startsWith('l'))
    return livePage(cursor ? Number(cursor.slice(1)) : written.length, Number(query.get('limit')), written);
  const chosen = query.get('partitions')?.split(',').map(Number);
  const rows = [...written, ...all].filter(({ partition }) => !chosen || chosen.includes(partition));
  if (from === 'oldest' || from === 'offset' || from === 'time') rows.reverse();
  const start = Number(cursor);
  const limit = Number(query.get('limit') ?? 50);
  const next = start + limit;
  const more = next < rows.length;
  return {
    as_of: NOW,
    end: more ? 'limit' : 'end',
    ...(more ? { cursor: String(next) } : {}),
    skipped: 0,
    partitions: partitions(),
    items: withColumns(rows.slice(start, next), query.get('columns')),
  };
}

const partitions = () =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, start: 0, end: 4_318_205 }));

// As the server's, a cursor says which way it goes; here also how many had been written.
function livePage(seen: number, limit: number, written: KafkaRecord[]): RecordPage {
  const fresh = written.slice(0, Math.max(0, written.length - seen));
  const items = fresh.slice(0, limit);
  return {
    as_of: NOW,
    end: 'end',
    cursor: `l${written.length}`,
    skipped: fresh.length - items.length,
    partitions: partitions(),
    items,
  };
}

export function recordDetail(partition: number, offset: number, written: KafkaRecord[]): RecordDetail | undefined {
  const found = [...written, ...all].find((one) => one.partition === partition && Number(one.offset) === offset);
  if (!found) return undefined;
  return {
    record: found,
    header_list: [
      { name: 'trace-id', value: payload('text', '7f3c21') },
      { name: 'retries', value: payload('int32', '3') },
      { name: 'note', value: payload('null', '') },
    ],
    batch: {
      base_offset: offset - 3,
      records: 64,
      bytes: 8_412,
      codec: 'zstd',
      leader_epoch: 18,
      producer_id: 88_014,
      producer_epoch: 3,
      sequence: 190_233,
      transactional: false,
    },
  };
}

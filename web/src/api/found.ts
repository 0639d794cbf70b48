// What a search finds, as the rows that lists of records have.
import type { FoundRecord, FoundSide, Int64, Payload, Record as KafkaRecord } from './types.gen';

export const foundRecord = (found: FoundRecord): KafkaRecord => ({
  partition: found.partition,
  offset: found.offset,
  timestamp: found.timestamp ?? -1,
  timestamp_kind: 'create',
  key: payloadOf(found.key),
  value: payloadOf(found.value),
  headers: found.header_count,
  bytes: found.bytes,
  columns: found.columns,
});

function payloadOf(side: FoundSide | undefined): Payload {
  if (!side) return { format: 'null', bytes: 0, text: '', is_json: false, cut: false, why: 'there is none' };
  const { bytes, cut, text, base64, read } = side;
  if (read?.json)
    return { format: 'json', bytes, text: read.json, is_json: true, cut: read.cut, why: `by schema ${read.schema}` };
  if (text === undefined)
    return { format: 'hex', bytes, text: hexOf(base64 ?? ''), is_json: false, cut, why: 'it is no UTF-8' };
  const isJson = /^\s*[{["\d\-tfn]/.test(text) && !/^\s*[tfn](?!rue\s*$|alse\s*$|ull\s*$)/.test(text);
  return { format: isJson ? 'json' : 'text', bytes, text, is_json: isJson, cut, why: 'it is UTF-8' };
}

const hexOf = (base64: string): string =>
  [...atob(base64)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');

// By time, then by partition and offset, so that records of one time have one order, whenever they came.
export function inOrder(rows: KafkaRecord[], newestFirst: boolean): KafkaRecord[] {
  const turn = newestFirst ? -1 : 1;
  return rows.sort(
    (a, b) =>
      turn * compare(a.timestamp, b.timestamp) ||
      compare(a.partition, b.partition) ||
      turn * compare(a.offset, b.offset),
  );
}

const compare = (a: Int64, b: Int64): number => (a < b ? -1 : a > b ? 1 : 0);

// Records as lines of JSON, a record a line, as POST …/records takes them: saved from here, and written again here or elsewhere.
import { parseExact, writeExact } from '../../api/exact';
import type { NewHeader, NewPayload, NewRecord, RecordDetail } from '../../api/types.gen';
import { typedOf } from './typed';

export const MOST_LINES = 10_000;

export interface Import {
  records: NewRecord[];
  wrong: { line: number; message: string }[]; // the first ones
  wrongLines: number;
}

const WRONG_SHOWN = 5;

// What a file would write. `offset` of a line is where it came from, and is passed over.
export function importOf(text: string): Import {
  const plan: Import = { records: [], wrong: [], wrongLines: 0 };
  const lines = text.split('\n').map((line, index) => ({ line: line.trim(), number: index + 1 }));
  for (const { line, number } of lines.filter(({ line: one }) => one !== '')) {
    try {
      if (plan.records.length === MOST_LINES) throw new Error(`more than ${MOST_LINES} records in one file`);
      plan.records.push(recordOf(parseExact(line)));
    } catch (error) {
      plan.wrongLines++;
      if (plan.wrong.length < WRONG_SHOWN) plan.wrong.push({ line: number, message: wordsOf(error) });
      if (plan.records.length === MOST_LINES) break;
    }
  }
  return plan;
}

const wordsOf = (error: unknown): string => (error instanceof SyntaxError ? 'this is no JSON' : (error as Error).message);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isInteger = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value);
const known = ['partition', 'offset', 'timestamp', 'key', 'value', 'headers'];

function recordOf(value: unknown): NewRecord {
  if (!isObject(value)) throw new Error('a record is an object: {"value":{"text":"…"}}');
  const strange = Object.keys(value).find((name) => !known.includes(name));
  if (strange !== undefined) throw new Error(`a record has no "${strange}"; it may have ${known.join(', ')}`);
  for (const name of ['partition', 'timestamp'] as const)
    if (value[name] !== undefined && !isInteger(value[name])) throw new Error(`${name} has to be a whole number`);
  if (value['headers'] !== undefined && !Array.isArray(value['headers'])) throw new Error('headers has to be a list');
  for (const header of (value['headers'] ?? []) as unknown[])
    if (!isObject(header) || typeof header['name'] !== 'string' || !isPayload(header['value']))
      throw new Error('a header is {"name":"…","value":{"text":"…"}}');
  for (const side of ['key', 'value'] as const)
    if (!isPayload(value[side])) throw new Error(`${side} has to be {"text":"…"}, or missing`);
  const { offset: _, ...record } = value;
  return record as unknown as NewRecord;
}

const isPayload = (value: unknown): boolean =>
  value === undefined ||
  (isObject(value) && typeof value['text'] === 'string' && ['string', 'undefined'].includes(typeof value['format']));

// Bytes of a side, where its text does not say them all.
export type BytesOf = (side: 'key' | 'value') => Promise<Uint8Array>;

// The line of a record. Throws where a part of it is not here: of headers there are only the first bytes.
export async function lineOf({ record, header_list: list }: RecordDetail, bytesOf: BytesOf): Promise<string> {
  const side = async (which: 'key' | 'value'): Promise<NewPayload | undefined> =>
    record[which].format === 'null'
      ? undefined
      : (typedOf(record[which]) ?? { text: base64(await bytesOf(which)), format: 'base64' });
  const headers = list.map(({ name, value }): NewHeader => {
    const typed = typedOf(value);
    if (!typed && value.format !== 'null') throw new Error('a header is too long');
    return typed ? { name, value: typed } : { name };
  });
  if (headers.length < record.headers) throw new Error('headers are too long');
  return writeExact({
    partition: record.partition,
    offset: record.offset,
    timestamp: Number(record.timestamp) < 0 ? undefined : record.timestamp,
    key: await side('key'),
    value: await side('value'),
    headers: headers.length ? headers : undefined,
  });
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

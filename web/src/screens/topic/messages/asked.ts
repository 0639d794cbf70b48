// What the address says, as the API is asked.
import type { Parameters } from '../../../api/client';
import type { PayloadAs } from '../../../api/types.gen';
import type { QueryOf } from '../../../routes';

export type MessagesQuery = QueryOf<'topic'>;

export const formats: readonly PayloadAs[] = [
  'auto', 'json', 'text', 'int32', 'int64', 'float', 'double', 'uuid', 'hex', 'avro', 'protobuf', 'json_schema',
];
export const formatName: Record<PayloadAs | 'null' | 'internal', string> = {
  auto: 'what fits', json: 'JSON', text: 'text', int32: 'int32', int64: 'int64', float: 'float', double: 'double',
  uuid: 'UUID', hex: 'hexadecimal', avro: 'Avro', protobuf: 'Protobuf', json_schema: 'JSON Schema', null: 'null',
  internal: 'Kafka’s own',
};

const DATE = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)?))?$/;

// A span back from now ("-6h", "-30m", "-2d"), a date with a time in the person's zone, or milliseconds since 1970.
// undefined: none of these.
export function timeOf(text: string, now: number): number | undefined {
  const span = /^-(\d{1,6})\s*(s|m|h|d)$/.exec(text.trim());
  if (span) return now - Number(span[1]) * { s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[span[2] as 's' | 'm' | 'h' | 'd'];
  if (/^\d{10,16}$/.test(text.trim())) return Number(text.trim());
  const [, day, clock = '00:00'] = DATE.exec(text.trim()) ?? [];
  const date = day === undefined ? NaN : Date.parse(`${day}T${clock}`);
  return Number.isNaN(date) || date < 0 ? undefined : date;
}

// What is missing or wrong about where to begin, in words; undefined: nothing.
export function wrongStart({ from, start }: Pick<MessagesQuery, 'from' | 'start'>, now: number): string | undefined {
  if (from === 'offset' && !/^\d{1,19}$/.test(start)) return 'An offset is a whole number: 0 or more';
  if (from === 'time' && timeOf(start, now) === undefined)
    return 'A time is a span back from now (-6h, -30m, -2d), a date with a time (2026-11-28 07:41), or milliseconds';
  return undefined;
}

// The same of the other end of a search, which may be left open.
export const wrongEnd = (until: string, now: number): string | undefined =>
  until === '' || timeOf(until, now) !== undefined ? undefined : wrongStart({ from: 'time', start: until }, now);

export function parametersOf(query: MessagesQuery, now: number): Parameters {
  const { from, start, partitions, key, value, columns } = query;
  return {
    from,
    offset: from === 'offset' ? start : undefined,
    time: from === 'time' ? timeOf(start, now) : undefined,
    partitions: partitions || undefined,
    key: key === 'auto' ? undefined : key,
    value: value === 'auto' ? undefined : value,
    columns: columns || undefined,
  };
}

// Newest first a search begins at the end and goes back to `until`; else it begins where it is told to.
export function searchOf(query: MessagesQuery, now: number): Parameters {
  const { from, start, until, partitions, where, columns } = query;
  const newestFirst = from === 'newest';
  const end = until === '' ? undefined : timeOf(until, now);
  return {
    where,
    order: newestFirst ? undefined : 'oldest',
    offset: from === 'offset' ? start : undefined,
    from: from === 'time' ? timeOf(start, now) : newestFirst ? end : undefined,
    until: newestFirst ? undefined : end,
    partitions: partitions || undefined,
    columns: columns || undefined,
  };
}

// "7:4318204"; undefined for anything else.
export function recordOf(text: string): { partition: string; offset: string } | undefined {
  const found = /^(\d{1,10}):(\d{1,19})$/.exec(text);
  return found ? { partition: found[1]!, offset: found[2]! } : undefined;
}

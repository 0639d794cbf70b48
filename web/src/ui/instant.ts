// Points of time as text, in the person's zone or in UTC. No words of the browser's language: the same for everybody.
export type Zone = 'local' | 'utc';

export interface InstantText {
  date: string; // 28 Nov 2026
  clock: string; // 07:41:48
  millis: string; // .595
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');
// JavaScript's dates end here. Kafka's timestamps need not.
const LAST = 8_640_000_000_000_000;

// undefined for what is no time: -1, as Kafka writes it, or beyond the calendar.
export function instantText(ms: number | bigint, zone: Zone): InstantText | undefined {
  const value = Number(ms);
  if (value < 0 || value > LAST) return undefined;
  const at = new Date(value);
  const utc = zone === 'utc';
  const day = utc ? at.getUTCDate() : at.getDate();
  const month = MONTHS[utc ? at.getUTCMonth() : at.getMonth()]!;
  const year = utc ? at.getUTCFullYear() : at.getFullYear();
  const clock = utc
    ? [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
    : [at.getHours(), at.getMinutes(), at.getSeconds()];
  return {
    date: `${day} ${month} ${year}`,
    clock: clock.map(two).join(':'),
    millis: '.' + String(at.getUTCMilliseconds()).padStart(3, '0'),
  };
}

// The zone by its distance from UTC at that time: "UTC+01:00", "UTC".
export function zoneName(zone: Zone, ms: number): string {
  const minutes = zone === 'utc' ? 0 : -new Date(ms).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const WRITTEN = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/;

// What people write for a point of time: "2026-11-28 07:00:00" in the zone, or milliseconds since 1970. undefined: neither.
export function instantOf(text: string, zone: Zone): number | undefined {
  const plain = text.trim();
  if (/^\d{9,15}$/.test(plain)) return Number(plain);
  const found = WRITTEN.exec(plain);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0)) as number[];
  const millis = Number((found[7] ?? '0').padEnd(3, '0'));
  const parts = [year!, month! - 1, day!, hour!, minute!, second!, millis] as const;
  const at = zone === 'utc' ? Date.UTC(...parts) : new Date(...parts).getTime();
  const back = instantText(at, zone);
  const same = back?.clock === `${two(hour!)}:${two(minute!)}:${two(second!)}` && back.date.startsWith(`${day} `);
  return same ? at : undefined; // 30 February is no day
}

// A time as it is written there: "2026-11-28 07:00:00".
export function writtenInstant(ms: number, zone: Zone): string {
  const at = new Date(ms - (zone === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60_000));
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

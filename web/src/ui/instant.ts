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

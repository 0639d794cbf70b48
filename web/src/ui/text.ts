// Numbers, sizes and durations as people read them. The same in every language of the browser.
export type Int = number | bigint;

// "10214" to ["10", "214"]: the space between is drawn, not written. A minus stays with the first.
export function digitGroups(value: Int): string[] {
  const text = String(value);
  const [whole = '', fraction] = text.split('.');
  const groups: string[] = [];
  for (let end = whole.length; end > 0; end -= 3) groups.unshift(whole.slice(Math.max(0, end - 3), end));
  if (groups.length > 1 && groups[0] === '-') groups.splice(0, 2, '-' + groups[1]);
  if (fraction !== undefined) groups.push((groups.pop() ?? '') + '.' + fraction);
  return groups;
}

// Three significant digits, no exponent: 103.5 to "104", 1.868 to "1.87", 0.5 to "0.5".
export function three(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  const places = size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.1 ? 2 : size === 0 ? 0 : 3;
  return String(Number(value.toFixed(places)));
}

export interface Measure {
  value: string;
  unit: string;
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

// Bytes in IEC units: 29418823123 to {27.4, GiB}. What would be 1 000 or more of a unit is taken to the next one.
export function bytes(of: Int): Measure {
  let value = Number(of);
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < SIZES.length - 1) {
    value /= 1024;
    unit++;
  }
  return { value: unit === 0 ? String(value) : three(value), unit: SIZES[unit]! };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// One unit, for what is compared: 762000 to {12.7, min}.
export function duration(ms: Int): Measure {
  const value = Number(ms);
  const size = Math.abs(value);
  if (size < SECOND) return { value: String(Math.round(value)), unit: 'ms' };
  const unit = [DAY, HOUR, MINUTE, SECOND].find((one) => size >= one)!;
  return { value: three(value / unit), unit: { [DAY]: 'd', [HOUR]: 'h', [MINUTE]: 'min', [SECOND]: 's' }[unit]! };
}

// Two units, whole numbers, for what runs on: 41 d 6 h, 2 h 11 min, 3 s.
export function span(ms: Int): string {
  let rest = Math.max(0, Math.floor(Number(ms) / SECOND)) * SECOND;
  if (rest === 0) return '0 s';
  const parts: string[] = [];
  for (const [unit, name] of [
    [DAY, 'd'],
    [HOUR, 'h'],
    [MINUTE, 'min'],
    [SECOND, 's'],
  ] as const) {
    const whole = Math.floor(rest / unit);
    rest -= whole * unit;
    if (whole > 0) parts.push(`${whole} ${name}`);
    else if (parts.length) break; // 1 d 0 h 5 min is "1 d": the lesser unit would mislead
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

// How long ago, in one whole unit: "3 s ago", "2 h ago". What lies ahead is said so: a clock is wrong somewhere.
export function ago(ms: number): string {
  const [first = ''] = span(Math.abs(ms)).split(/(?<=[a-z]) /);
  return ms < -SECOND ? `in ${first}` : `${first} ago`;
}

// Whole units only, when they come out even: 604800000 to "7 days". Otherwise "604 800 001 ms" would be read wrong, so the
// caller shows the raw value.
export function even(ms: Int): string | undefined {
  const value = Number(ms);
  if (!Number.isSafeInteger(value) || value <= 0) return undefined;
  for (const [unit, name] of [
    [DAY, 'day'],
    [HOUR, 'hour'],
    [MINUTE, 'minute'],
    [SECOND, 'second'],
  ] as const) {
    const whole = value / unit;
    if (Number.isInteger(whole)) return `${whole} ${name}${whole === 1 ? '' : 's'}`;
  }
  return undefined;
}

// A message of the server's as a sentence: Kafka's begin in lower case and end without a stop.
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : whole + '.';
}

export const plural = (n: Int, one: string, many = one + 's'): string => (Number(n) === 1 ? one : many);

const HIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export interface Piece {
  text: string;
  hidden: boolean; // text is then the character's number: U+202E
}

// A name in pieces, so that characters which do not show, or turn the text round, can be shown by their numbers. Those of
// `keep` are left as they are.
export function pieces(name: string, keep = ''): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of name.matchAll(HIDDEN)) {
    if (keep.includes(match[0])) continue;
    if (match.index > from) found.push({ text: name.slice(from, match.index), hidden: false });
    found.push({ text: 'U+' + match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0'), hidden: true });
    from = match.index + 1;
  }
  if (from < name.length) found.push({ text: name.slice(from), hidden: false });
  return found;
}

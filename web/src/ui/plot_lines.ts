// The arithmetic of plots: scales, steps of a grid, the path of a line.
export type Tone = 'in' | 'out' | 'warn' | 'ink3';

export interface Line {
  name: string;
  tone: Tone;
  at: readonly number[]; // milliseconds, in order
  values: readonly number[];
  filled?: boolean;
}

export interface Scale {
  x(ms: number): number;
  y(value: number): number;
  time(x: number): number;
}

interface Field {
  since: number;
  until: number;
  top: number; // the value at the upper edge
  left: number;
  right: number;
  high: number;
  low: number;
}

const round = (value: number): number => Math.round(value * 10) / 10;

export function scaleOf({ since, until, top, left, right, high, low }: Field): Scale {
  const span = Math.max(1, until - since);
  return {
    x: (ms) => round(left + ((ms - since) / span) * (right - left)),
    y: (value) => round(low - (value / (top || 1)) * (low - high)),
    time: (x) => since + ((x - left) / (right - left)) * span,
  };
}

export const bounds = (lines: readonly Line[]): number =>
  lines.reduce((highest, { values }) => values.reduce((a, b) => Math.max(a, b), highest), 0);

// 0 and two to five steps of 1, 2 or 5 times a power of `base`, the last at or above what is highest.
export function gridOf(highest: number, base = 10): number[] {
  if (highest <= 0) return [0, 1];
  const power = base ** Math.floor(Math.log(highest / 2) / Math.log(base));
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((n) => n * power).find((one) => highest / one <= 4)!;
  const steps = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: Math.max(2, steps + 1) }, (_, n) => n * step);
}

// Steps of bytes: powers of 1024.
export const byteGrid = (highest: number): number[] => gridOf(highest, 1024);

const SECONDS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400, 7 * 86_400];
// Steps of durations: whole seconds, minutes, hours.
export function durationGrid(highest: number): number[] {
  const step = (SECONDS.find((one) => highest / (one * 1000) <= 4) ?? highest / 4000) * 1000;
  return Array.from({ length: Math.max(2, Math.ceil(highest / step) + 1) }, (_, n) => n * step);
}

const MINUTES = [1, 3, 5, 15, 30, 60, 120];
// Whole minutes of the clock within the time, six at most.
export function ticksOf(since: number, until: number): number[] {
  const minutes = (until - since) / 60_000;
  const step = (MINUTES.find((one) => minutes / one <= 6) ?? 240) * 60_000;
  const ticks = [];
  for (let at = Math.ceil(since / step) * step; at <= until; at += step) ticks.push(at);
  return ticks;
}

// A step that nobody looked at is bridged; a gap of more than a few is left open.
const BRIDGED = 4;

export function pathOf({ at, values }: Line, scale: Scale): string {
  if (at.length === 0) return '';
  const gaps = at.slice(1).map((ms, n) => ms - at[n]!);
  const usual = Math.max(60_000, gaps.length ? Math.min(...gaps) : 0);
  return at
    .map((ms, n) => `${n === 0 || ms - at[n - 1]! > BRIDGED * usual ? 'M' : 'L'}${scale.x(ms)} ${scale.y(values[n]!)}`)
    .join('');
}

// The time of all lines that is nearest; undefined where there is none.
export function nearest(lines: readonly Line[], ms: number): number | undefined {
  let best: number | undefined;
  for (const { at } of lines)
    for (const one of at) if (best === undefined || Math.abs(one - ms) < Math.abs(best - ms)) best = one;
  return best;
}

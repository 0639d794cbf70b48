// Matches over the time that was searched, as columns of a histogram.
import type { Int64, Record as KafkaRecord } from '../../../api/types.gen';

export interface OverTime {
  from: number; // milliseconds
  to: number;
  counts: number[];
  edge: number | undefined; // how far of it the search has come: a share of the width from the left
}

const COLUMNS = 72;

// undefined: there is no span of time to be shown. What is wanted of it is `since` and `until`, where they are known.
export function overTime(
  rows: readonly KafkaRecord[],
  frontier: Int64 | undefined,
  bounds: { since?: number | undefined; until?: number | undefined } = {},
): OverTime | undefined {
  const times = rows.map(({ timestamp }) => Number(timestamp)).filter((time) => time >= 0);
  const come = frontier === undefined ? [] : [Number(frontier)];
  const from = bounds.since ?? least([...times, ...come]);
  const to = bounds.until ?? most([...times, ...come]);
  if (from === undefined || to === undefined || to <= from) return undefined;
  const counts = Array.from({ length: COLUMNS }, () => 0);
  const place = (time: number) => Math.min(COLUMNS - 1, Math.max(0, Math.floor(((time - from) / (to - from)) * COLUMNS)));
  for (const time of times) counts[place(time)]!++;
  const edge = come[0] === undefined ? undefined : Math.min(1, Math.max(0, (come[0] - from) / (to - from)));
  return { from, to, counts, edge };
}

const least = (values: number[]): number | undefined =>
  values.reduce<number | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
const most = (values: number[]): number | undefined =>
  values.reduce<number | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);

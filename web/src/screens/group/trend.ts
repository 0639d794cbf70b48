// How a group's lag moves while somebody looks: the server keeps no history of it yet, so the page keeps what it saw.
import type { Int } from '../../ui/text';

export interface Sample {
  at: number; // milliseconds
  lag: number;
}

export interface Trend {
  perSecond: number; // more than zero: it grows
  since: number; // of the first sample, milliseconds
  outlook: 'even' | 'behind' | 'catching up' | 'caught up';
  seconds?: number; // until it has caught up
}

const KEPT = 150; // samples: five minutes, one every two seconds
const ENOUGH_MS = 8000; // less says nothing: commits come in steps of five seconds
const STILL = 0.5; // records a second: below, the lag stands

// The samples with one more. Looks that come at once are one.
export function withSample(samples: readonly Sample[], at: number, lag: Int): Sample[] {
  const last = samples.at(-1);
  if (last && at - last.at < 500) return [...samples];
  return [...samples, { at, lag: Number(lag) }].slice(-KEPT);
}

// undefined until enough was seen. The slope is that of the straight line through all samples, since commits come in steps.
export function trendOf(samples: readonly Sample[]): Trend | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < ENOUGH_MS) return undefined;
  const perSecond = slope(samples) * 1000;
  const since = first.at;
  if (last.lag === 0) return { perSecond, since, outlook: 'caught up' };
  if (Math.abs(perSecond) < STILL) return { perSecond: 0, since, outlook: 'even' };
  if (perSecond > 0) return { perSecond, since, outlook: 'behind' };
  return { perSecond, since, outlook: 'catching up', seconds: Math.ceil(last.lag / -perSecond) };
}

// Least squares; records a millisecond.
function slope(samples: readonly Sample[]): number {
  const mean = (value: (sample: Sample) => number): number =>
    samples.reduce((sum, one) => sum + value(one), 0) / samples.length;
  const [at, lag] = [mean((one) => one.at), mean((one) => one.lag)];
  const spread = samples.reduce((sum, one) => sum + (one.at - at) ** 2, 0);
  return samples.reduce((sum, one) => sum + (one.at - at) * (one.lag - lag), 0) / spread;
}

// What figures were, as the server remembers it, and how far back one looks.
import { useState } from 'preact/hooks';
import { address } from '../../api/client';
import { useAnswer, type Answer } from '../../api/live';
import type { SeriesList, SeriesName, SeriesOf } from '../../api/types.gen';
import type { Line, Tone } from '../../ui/plot_lines';
import { bytes, duration, three } from '../../ui/text';

export type Reach = 15 | 60 | 360; // minutes

export const useSeries = (of: SeriesOf, name: string, figures: SeriesName[], minutes: Reach): Answer<SeriesList> =>
  useAnswer<SeriesList>(address('/series', { of, name, figures: figures.join(','), minutes }));

export function lineOf(
  list: SeriesList | undefined,
  figure: SeriesName,
  name: string,
  tone: Tone,
  filled = false,
): Line {
  const found = list?.items.find((one) => one.name === figure);
  return { name, tone, filled, at: (found?.at ?? []).map(Number), values: found?.values ?? [] };
}

export const spans = (list: SeriesList | undefined): { since: number; until: number } => ({
  since: Number(list?.since ?? 0),
  until: Number(list?.as_of ?? 1),
});

const words: Record<Reach, string> = { 15: '15 min', 60: '1 h', 360: '6 h' };

export function ReachChoice({ now, reaches, onPick }: { now: Reach; reaches: Reach[]; onPick: (to: Reach) => void }) {
  return (
    <div class="seg" role="group" aria-label="How far back">
      {reaches.map((one) => (
        <button
          key={one}
          aria-pressed={one === now}
          aria-current={one === now ? 'true' : undefined}
          onClick={() => onPick(one)}
        >
          {words[one]}
        </button>
      ))}
    </div>
  );
}
export const useReach = (): [Reach, (to: Reach) => void] => useState<Reach>(15);

export const rate = (perSecond: number): string => {
  const { value, unit } = bytes(perSecond < 10 ? Number(perSecond.toFixed(1)) : Math.round(perSecond));
  return `${value} ${unit}/s`;
};
export const age = (ms: number): string => {
  const { value, unit } = duration(ms);
  return ms === 0 ? '0' : `${value} ${unit}`;
};
const SHORT = ['', ' k', ' M', ' G', ' T'];
export function short(value: number): string {
  let power = 0;
  let rest = value;
  while (rest >= 999.5 && power < SHORT.length - 1) {
    rest /= 1000;
    power++;
  }
  return three(rest) + SHORT[power];
}

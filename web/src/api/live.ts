// What is shown stays true: answers are asked for again every two seconds while somebody looks. A page that is hidden or
// paused asks nothing. When nobody answers, what is there stays, and `cutSince` says since when it is old.
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, onAnswer, type Trouble } from './client';

const PERIOD_MS = 2000;
const KEPT = 40; // answers kept for going back

export const tick = signal(0);
export const paused = signal(false);
export const cutSince = signal<number | undefined>(undefined);
let heardAt = Date.now();

onAnswer((answered) => {
  if (answered) heardAt = Date.now();
  cutSince.value = answered ? undefined : (cutSince.peek() ?? heardAt);
});

export function startLive(): void {
  const beat = () => {
    if (!document.hidden && !paused.peek()) tick.value++;
  };
  setInterval(beat, PERIOD_MS);
  document.addEventListener('visibilitychange', beat);
}

export interface Answer<T> {
  data?: T;
  trouble?: Trouble; // of the last time; `data` may be there beside it, and is then old
  at?: number; // when `data` came: milliseconds of the browser's clock
  reload(): void;
}

interface Kept {
  data: unknown;
  at: number;
}
const kept = new Map<string, Kept>();

function keep(path: string, data: unknown): Kept {
  const entry = { data, at: Date.now() };
  kept.delete(path);
  kept.set(path, entry);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
  return entry;
}

// Forgets every answer: somebody else is signed in now.
export const forget = (): void => kept.clear();

// The answer to GET `path`, kept fresh. Without a path nothing is asked. A slow answer is waited for, not asked for again,
// and what is refused for good is not asked for again until somebody wants it.
export function useAnswer<T>(path: string | undefined): Answer<T> {
  const [, redraw] = useState(0);
  const failed = useRef<Trouble | undefined>(undefined);
  const ask = useRef<(wanted?: boolean) => void>(() => {});
  const beat = tick.value;
  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let busy = false;
    ask.current = async (wanted = false) => {
      if (busy || (failed.current?.final && !wanted)) return;
      busy = true;
      try {
        keep(path, await get<T>(path, abort.signal));
        failed.current = undefined;
      } catch (trouble) {
        if (abort.signal.aborted) return;
        failed.current = trouble as Trouble;
        if (failed.current.problem?.status === 404) kept.delete(path);
      }
      busy = false;
      redraw((n) => n + 1);
    };
    return () => {
      abort.abort();
      failed.current = undefined;
      ask.current = () => {};
    };
  }, [path]);
  useEffect(() => ask.current(), [path, beat]);
  const answer: Answer<T> = { reload: () => ask.current(true) };
  const entry = path === undefined ? undefined : kept.get(path);
  if (entry) Object.assign(answer, entry);
  if (failed.current) answer.trouble = failed.current;
  return answer;
}

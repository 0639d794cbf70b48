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
const running = new Map<string, Promise<void>>();
let owner = 0; // of what is kept: another one after each change of who looks

function keep(path: string, data: unknown): void {
  kept.delete(path);
  kept.set(path, { data, at: Date.now() });
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
}

// Forgets every answer, those on their way as well: somebody else is signed in now.
export function forget(): void {
  owner++;
  kept.clear();
  running.clear();
}

// Several parts of a screen may want the same answer. It is asked for once, and a slow one is waited for.
function asked(path: string): Promise<void> {
  const before = running.get(path);
  if (before) return before;
  const asker = owner;
  const answer = get(path)
    .then((data) => {
      if (asker === owner) keep(path, data);
    })
    .finally(() => {
      if (asker === owner) running.delete(path);
    });
  running.set(path, answer);
  return answer;
}

// The answer to GET `path`, kept fresh. What is refused for good is not asked for again until somebody wants it.
export function useAnswer<T>(path: string): Answer<T> {
  const [, redraw] = useState(0);
  const failed = useRef<{ of: string; trouble?: Trouble | undefined }>({ of: path });
  const ask = useRef<(wanted?: boolean) => void>(() => {});
  const beat = tick.value;
  useEffect(() => {
    let gone = false;
    failed.current = { of: path };
    ask.current = async (wanted = false) => {
      if (failed.current.trouble?.final && !wanted) return;
      const trouble = await asked(path).then(
        () => undefined,
        (refused: Trouble) => refused,
      );
      if (gone) return;
      failed.current = { of: path, trouble };
      if (trouble?.problem?.status === 404) kept.delete(path); // it was there, and is no more
      redraw((n) => n + 1);
    };
    return () => {
      gone = true;
    };
  }, [path]);
  useEffect(() => ask.current(), [path, beat]);
  const { of, trouble } = failed.current;
  return {
    ...kept.get(path),
    ...(of === path && trouble ? { trouble } : {}),
    reload: () => ask.current(true),
  } as Answer<T>;
}

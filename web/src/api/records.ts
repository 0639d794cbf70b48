// The records of a topic as far as somebody has looked: page by page, or as they come. At most MOST are kept, so that a
// tab that is open for an hour is as large as one that was opened just now.
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, at, get, Trouble, type Parameters } from './client';
import { paused } from './live';
import type { Record as KafkaRecord, RecordPage } from './types.gen';

export const MOST = 5000;
const PAGE = 100;
const LIVE_MS = 1000;
export const LIVE_DRAWN = 50; // records of one beat; the others are counted

export interface Rate {
  came: number; // records of the last beat
  ms: number; // how long it was
  missed: number; // records of all beats that came and are not drawn
}

export interface Records {
  rows: readonly KafkaRecord[];
  loading: boolean;
  begun: boolean; // an answer is here
  ended: boolean; // there are no more
  full: boolean; // no more are kept
  problems: string[]; // of partitions that could not be read
  rate?: Rate; // live
  trouble?: Trouble;
  more(): void;
  reload(): void;
}

// The newest first; those that would be too many are the oldest.
export const newestFirst = (fresh: KafkaRecord[], before: readonly KafkaRecord[]): KafkaRecord[] =>
  [...fresh, ...before].slice(0, MOST);

class Store {
  rows: KafkaRecord[] = [];
  cursor: string | undefined;
  loading = false;
  begun = false;
  problems: string[] = [];
  rate: Rate | undefined;
  trouble: Trouble | undefined;
  private askedAt = 0;
  private readonly abort = new AbortController();

  constructor(
    private readonly path: string,
    private readonly parameters: Parameters,
    readonly live: boolean,
    private readonly changed: () => void,
  ) {}

  get ended(): boolean {
    return this.begun && this.cursor === undefined;
  }
  get full(): boolean {
    return !this.live && this.rows.length >= MOST;
  }

  more(): void {
    if (this.live || this.loading || this.ended || this.full || this.trouble) return;
    void this.ask();
  }

  async ask(): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    this.trouble = undefined;
    const limit = this.live ? LIVE_DRAWN : PAGE;
    const where = this.cursor === undefined ? this.parameters : { ...this.parameters, ...gone, cursor: this.cursor };
    try {
      this.take(await get<RecordPage>(address(this.path, { ...where, limit }), this.abort.signal));
    } catch (trouble) {
      if (this.abort.signal.aborted) return;
      this.trouble = trouble as Trouble;
    }
    this.loading = false;
    this.changed();
  }

  stop(): void {
    this.abort.abort();
  }

  private take(page: RecordPage): void {
    const now = Date.now();
    this.problems = page.partitions.flatMap(({ problem }) => (problem ? [problem] : []));
    if (this.live) {
      const skipped = Number(page.skipped);
      const missed = (this.rate?.missed ?? 0) + skipped;
      if (this.begun) this.rate = { came: page.items.length + skipped, ms: now - this.askedAt, missed };
      this.rows = newestFirst(page.items, this.rows);
    } else {
      this.rows = [...this.rows, ...page.items];
    }
    this.cursor = page.cursor;
    this.begun = true;
    this.askedAt = now;
  }
}

// What a cursor says already.
const gone = { from: undefined, offset: undefined, time: undefined, partitions: undefined };

// `held` says that somebody is looking closely, so that rows must not move: nothing is asked for meanwhile.
export function useRecords(topic: string, parameters: Parameters, held: () => boolean): Records {
  const [, redraw] = useState(0);
  const [again, ask] = useState(0);
  const path = at`/topics/${topic}/records`;
  const key = `${address(path, parameters)}|${again}`;
  const store = useRef<{ key: string; of: Store }>({ key: '', of: null as never });
  if (store.current.key !== key) {
    store.current.of?.stop();
    const live = parameters['from'] === 'live';
    store.current = { key, of: new Store(path, parameters, live, () => redraw((n) => n + 1)) };
  }
  const current = store.current.of;
  useEffect(() => {
    void current.ask();
    if (!current.live) return;
    const beat = () => {
      if (!document.hidden && !paused.peek() && !held()) void current.ask();
    };
    const timer = setInterval(beat, LIVE_MS);
    return () => clearInterval(timer);
  }, [current]);
  useEffect(() => () => store.current.of.stop(), []);
  return {
    rows: current.rows,
    loading: current.loading,
    begun: current.begun,
    ended: current.ended,
    full: current.full,
    problems: current.problems,
    ...(current.rate ? { rate: current.rate } : {}),
    ...(current.trouble ? { trouble: current.trouble } : {}),
    more: () => current.more(),
    reload: () => ask((n) => n + 1),
  };
}

// A search of a topic: what was found so far, how far it has come, and how it goes on. Begun, stopped and gone on with by
// whoever looks; between two runs only the cursor is kept, so nothing is found twice. At most MOST rows are kept.
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, at, Trouble, type Parameters } from './client';
import { follow, type ServerEvent } from './events';
import { foundRecord, inOrder } from './found';
import { MOST } from './records';
import type { FoundRecord, Record as KafkaRecord, SearchAnswer, SearchEnd, SearchPartition, SearchProgress } from './types.gen';

const LIMIT = 500; // matches of one run

// Why it does not go on: what the server says, or what happened here.
export type WhyEnded = SearchEnd | 'stopped_here' | 'cut' | 'refused';

export interface Search {
  rows: readonly KafkaRecord[];
  running: boolean;
  why?: WhyEnded; // of the last run, when it is over
  progress?: SearchProgress;
  partitions: readonly SearchPartition[];
  elsewhere: readonly number[]; // partitions that were not begun with: nobody answered for them
  troubles: SearchAnswer['troubles'];
  trouble?: Trouble;
  pace: { bytes: number; ms: number }; // of all runs: what was read, and for how long
  full: boolean;
  canGoOn: boolean;
  stop(): void;
  goOn(): void;
  again(): void; // from the beginning
}

export class SearchStore {
  rows: KafkaRecord[] = [];
  running = false;
  why: WhyEnded | undefined;
  progress: SearchProgress | undefined;
  partitions: SearchPartition[] = [];
  elsewhere: number[] = [];
  troubles: SearchAnswer['troubles'] = [];
  trouble: Trouble | undefined;
  cursor: string | undefined;
  pace = { bytes: 0, ms: 0 };
  private before = { bytes: 0, ms: 0, at: 0 }; // of the runs before this one
  private abort = new AbortController();

  constructor(
    private readonly path: string,
    private readonly parameters: Parameters,
    private readonly newestFirst: boolean,
    private readonly changed: () => void,
  ) {}

  get full(): boolean {
    return this.rows.length >= MOST;
  }
  // Something is left to look at, as far as is known here.
  get canGoOn(): boolean {
    return !this.running && !this.full && this.why !== undefined && this.why !== 'end' && this.why !== 'refused';
  }

  async run(): Promise<void> {
    if (this.running || this.full) return;
    this.running = true;
    this.why = this.trouble = undefined;
    this.troubles = [];
    this.abort = new AbortController();
    this.before = { ...this.pace, at: Date.now() };
    this.changed();
    const { signal } = this.abort;
    const asked = { ...this.parameters, limit: Math.min(LIMIT, MOST - this.rows.length), cursor: this.cursor };
    try {
      await follow(address(this.path, asked), signal, (event) => this.take(event));
      if (this.running) throw new Trouble('The connection was cut', undefined, 'The server may have stopped.');
    } catch (trouble) {
      if (signal.aborted) return;
      this.trouble = trouble as Trouble;
      this.end(this.trouble.final ? 'refused' : 'cut');
    }
  }

  stop(): void {
    if (!this.running) return;
    this.abort.abort();
    this.end('stopped_here');
  }

  // Nobody looks any more: nothing is said about it.
  leave(): void {
    this.running = false;
    this.abort.abort();
  }

  private take({ event, data, id }: ServerEvent): void {
    if (!this.running) return;
    if (event === 'records') {
      const fresh = (data as FoundRecord[]).map(foundRecord);
      this.rows = inOrder([...this.rows, ...fresh], this.newestFirst).slice(0, MOST);
    }
    if (event === 'progress') this.come(data as SearchProgress);
    if (event === 'elsewhere') this.elsewhere = data as number[];
    if (event === 'partitions') this.partitions = data as SearchPartition[];
    if (id !== undefined) this.cursor = id;
    if (event === 'done') {
      const answer = data as SearchAnswer;
      this.come(answer.progress);
      Object.assign(this, { partitions: answer.partitions, elsewhere: answer.elsewhere, troubles: answer.troubles });
      this.cursor = answer.cursor;
      return this.end(answer.why);
    }
    this.changed();
  }

  private come(progress: SearchProgress): void {
    this.progress = progress;
    this.pace = { bytes: Number(progress.bytes), ms: this.before.ms + Math.max(0, Date.now() - this.before.at) };
  }

  private end(why: WhyEnded): void {
    this.running = false;
    this.why = why;
    this.changed();
  }
}

// The search that these parameters mean, begun when they are new.
export function useSearch(topic: string, parameters: Parameters, newestFirst: boolean): Search {
  const [, redraw] = useState(0);
  const [turn, again] = useState(0);
  const path = at`/topics/${topic}/search`;
  const key = `${address(path, parameters)}|${turn}`;
  const kept = useRef<{ key: string; of: SearchStore }>({ key: '', of: null as never });
  if (kept.current.key !== key) {
    kept.current.of?.leave();
    kept.current = { key, of: new SearchStore(path, parameters, newestFirst, () => redraw((n) => n + 1)) };
  }
  const store = kept.current.of;
  useEffect(() => void store.run(), [store]);
  useEffect(() => () => kept.current.of.leave(), []);
  return {
    rows: store.rows,
    running: store.running,
    ...(store.why ? { why: store.why } : {}),
    ...(store.progress ? { progress: store.progress } : {}),
    partitions: store.partitions,
    elsewhere: store.elsewhere,
    troubles: store.troubles,
    ...(store.trouble ? { trouble: store.trouble } : {}),
    pace: store.pace,
    full: store.full,
    canGoOn: store.canGoOn,
    stop: () => store.stop(),
    goOn: () => void store.run(),
    again: () => again((n) => n + 1),
  };
}

// A long list, of which only the pages in sight are asked for, and kept fresh. While another order or filter is on its
// way, the old rows stay.
import { useEffect, useRef, useState } from 'preact/hooks';
import { address, get, type Parameters, type Trouble } from './client';
import { tick } from './live';

export const PAGE = 100;

export interface Page<Row> {
  total: number;
  from: number;
  items: Row[];
}

// The starts of the pages that hold rows `first` up to, not including, `last`.
export function pagesOf(first: number, last: number): number[] {
  const starts = [];
  for (let start = Math.floor(first / PAGE) * PAGE; start < Math.max(last, first + 1); start += PAGE)
    starts.push(start);
  return starts;
}

export interface Rows<Row, Head> {
  head?: Head; // the last page that came, for what it says beside its rows
  total?: number; // missing until the first page is here
  row(index: number): Row | undefined;
  want(first: number, last: number): void;
  trouble?: Trouble;
  at?: number; // when the last page came: milliseconds of the browser's clock
  old: boolean; // rows of the order or filter before
  reload(): void;
}

class Store<Row, Head extends Page<Row>> {
  head?: Head;
  at = 0;
  trouble?: Trouble | undefined;
  private readonly pages = new Map<number, Row[]>();
  private readonly askedIn = new Map<number, number>(); // the beat in which a page was last asked for, answered or not
  private readonly running = new Map<number, AbortController>();
  private wanted: [number, number] = [0, 1];

  constructor(
    readonly path: string,
    private readonly parameters: Parameters,
    private readonly changed: () => void,
  ) {}

  row(index: number): Row | undefined {
    const start = Math.floor(index / PAGE) * PAGE;
    return this.pages.get(start)?.[index - start];
  }

  want(first: number, last: number, beat: number): void {
    this.wanted = [first, last];
    this.refresh(beat);
  }

  // Asks for the pages in sight, each once in a beat; for what is refused for good only when it is wanted.
  refresh(beat: number, wanted = false): void {
    if (this.trouble?.final && !wanted) return;
    for (const start of pagesOf(...this.wanted)) {
      if ((this.askedIn.get(start) === beat && !wanted) || this.running.has(start)) continue;
      this.askedIn.set(start, beat);
      void this.load(start);
    }
  }

  stop(): void {
    for (const abort of this.running.values()) abort.abort();
    this.running.clear();
  }

  private async load(start: number): Promise<void> {
    const abort = new AbortController();
    this.running.set(start, abort);
    try {
      const page = await get<Head>(address(this.path, { ...this.parameters, from: start, limit: PAGE }), abort.signal);
      this.take(page, start);
    } catch (trouble) {
      if (abort.signal.aborted) return;
      this.trouble = trouble as Trouble;
    }
    this.running.delete(start);
    this.changed();
  }

  private take(page: Head, start: number): void {
    this.head = page;
    this.at = Date.now();
    this.trouble = undefined;
    this.pages.set(start, page.items);
    for (const at of this.pages.keys()) if (at >= page.total) this.pages.delete(at);
  }
}

export function usePages<Row, Head extends Page<Row> = Page<Row>>(
  path: string,
  parameters: Parameters,
): Rows<Row, Head> {
  const [, redraw] = useState(0);
  const store = useRef<Store<Row, Head>>(null as never);
  const before = useRef<Store<Row, Head>>(null as never);
  const key = address(path, parameters);
  const keyOf = useRef('');
  const beat = tick.value;
  if (keyOf.current !== key) {
    if (store.current?.head && store.current.path === path) before.current = store.current;
    store.current?.stop();
    keyOf.current = key;
    store.current = new Store<Row, Head>(path, parameters, () => redraw((n) => n + 1));
  }
  const current = store.current;
  useEffect(() => current.refresh(beat), [current, beat]);
  useEffect(() => () => store.current.stop(), []);
  const shown = !current.head && !current.trouble && before.current?.path === path ? before.current : current;
  return {
    ...(shown.head ? { head: shown.head, total: shown.head.total, at: shown.at } : {}),
    ...(current.trouble ? { trouble: current.trouble } : {}),
    old: shown !== current,
    row: (index) => shown.row(index),
    want: (first, last) => current.want(first, last, beat),
    reload: () => current.refresh(beat, true),
  };
}

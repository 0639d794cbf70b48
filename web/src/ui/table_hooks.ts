// How a table behaves: rows that hold still, keys that go through them, a place that settles.
import { useEffect, useRef } from 'preact/hooks';
import { useKeys } from '../keys';
import { held } from './order';
import type { TableProps } from './table';

const SETTLED_MS = 250; // of rest before the place goes into the address

// While the pointer is on the table its rows keep their places.
export function useHeld<Row>(
  props: TableProps<Row>,
  rows: (Row | undefined)[],
  list: string,
  box: { current: HTMLElement | null },
): (Row | undefined)[] {
  const shown = useRef<{ list: string; rows: (Row | undefined)[] }>({ list: '', rows: [] });
  const whole = (all: (Row | undefined)[]): all is Row[] => all.every((row) => row !== undefined);
  const hovered = box.current?.querySelector('tbody')?.matches(':hover') === true;
  const before = shown.current;
  const hold = hovered && before.list === list && before.rows.length > 0 && whole(before.rows) && whole(rows);
  const kept = hold ? held(before.rows as Row[], rows as Row[], props.rowKey) : rows;
  shown.current = { list, rows: kept };
  return kept;
}

// j, k and the arrows move from row to row. Returns what the table does with a key struck inside it.
export function useRowFocus(box: { current: HTMLElement | null }, total: number, show: (index: number) => void) {
  const wanted = useRef(-1);
  const link = (index: number) => box.current?.querySelector<HTMLElement>(`tr[data-row="${index}"] :is(a, button)`);
  const present = (): number =>
    Number(document.activeElement?.closest?.('tr[data-row]')?.getAttribute('data-row') ?? -1);
  const move = (by: number) => {
    if (total === 0) return;
    const inside = box.current?.contains(document.activeElement) === true;
    const now = inside ? present() : -1;
    const start =
      now >= 0 ? now + by : Number(box.current?.querySelector('tr[data-row]')?.getAttribute('data-row') ?? 0);
    wanted.current = Math.max(0, Math.min(total - 1, start));
    show(wanted.current);
    focus();
  };
  const focus = () => {
    const element = wanted.current < 0 ? undefined : link(wanted.current);
    if (!element) return;
    wanted.current = -1;
    element.focus({ preventScroll: true });
  };
  useEffect(focus); // the row may have to be drawn, or to be fetched, first
  useKeys({ j: () => move(1), k: () => move(-1) });
  return (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -total, End: total }[event.key];
    if (by === undefined || present() < 0) return;
    event.preventDefault();
    move(by);
  };
}

// Calls when the value has rested.
export function useSettled(value: number, act: (value: number) => void): void {
  const latest = useRef(act);
  latest.current = act;
  const begun = useRef(false);
  useEffect(() => {
    if (!begun.current) {
      begun.current = true;
      return;
    }
    const timer = setTimeout(() => latest.current(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
}

// A table: a real <table>, sorted by its heads, with only the rows in sight in the page. Rows come by number, so that a
// list of any length can be behind it. j and k go through the rows, Enter opens: the focus is on the row's own link.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons';
import { useKeys } from '../keys';
import { held, nextSort, sortedBy } from './order';
import { Unit } from './number';
import { firstInSight, reveal, windowOf, type View } from './virtual';

export interface Column<Row> {
  key: string;
  head: string; // '' for a column that needs no name
  unit?: string;
  num?: boolean;
  width?: number; // pixels; one column without takes what is left
  sort?: 'up' | 'down'; // sortable, and the direction that the first press asks for
  hide?: 'wide' | 'mid'; // left out below 1180 or below 860 pixels
  title?: string;
  cell: (row: Row) => ComponentChildren;
}

export interface TableProps<Row> {
  label: string;
  columns: Column<Row>[];
  total: number | undefined; // undefined: not known yet
  row: (index: number) => Row | undefined;
  rowKey: (row: Row) => string;
  rowClass?: (row: Row) => string;
  sort?: string; // "lag", "-lag"
  onSort?: (sort: string) => void;
  order?: string; // what else decides the order: another one is another list
  want?: (first: number, last: number) => void;
  at?: number; // the first row in sight
  onAt?: (at: number) => void;
  old?: boolean; // rows of the order before: fainter
}

const ROW = 32;
const HEAD = 33;
const SETTLED_MS = 250; // of rest before the place goes into the address

const first: View = { top: 0, height: 900 };

// Scrolls by itself, to any length.
export function ScrollTable<Row>(props: TableProps<Row>) {
  const { total, row, want, at = 0, onAt } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>(first);
  const { first: from, last, before, after } = windowOf(view, ROW, total ?? 0);
  const placed = useRef(false);
  const list = `${props.sort}|${props.order}`;
  const listBefore = useRef(list);

  const measure = () => {
    const { scrollTop, clientHeight } = box.current!;
    setView((now) => (now.top === scrollTop && now.height === clientHeight ? now : { top: scrollTop, height: clientHeight }));
  };
  useLayoutEffect(() => {
    const watch = new ResizeObserver(measure);
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  // The address says where to begin; it can be obeyed once the length is known. Another list begins at its top.
  useLayoutEffect(() => {
    if (listBefore.current !== list) box.current!.scrollTop = 0;
    listBefore.current = list;
    if (total === undefined || placed.current) return;
    placed.current = true;
    box.current!.scrollTop = at * ROW;
    measure();
  }, [list, total]);
  useEffect(() => want?.(from, last), [from, last, want]);
  useSettled(firstInSight(view.top, ROW), (index) => placed.current && onAt?.(index));

  const focusRow = useRowFocus(box, total ?? 0, (index) => {
    box.current!.scrollTop = reveal(view, ROW, index, HEAD);
    measure();
  });
  const rows = useHeld(props, Array.from({ length: last - from }, (_, index) => row(from + index)), `${list}|${view.top}|${view.height}`, box);
  return (
    <div class="scroll" ref={box} onScroll={measure}>
      <table class={`grid fixed${props.old ? ' old' : ''}`} aria-rowcount={total === undefined ? -1 : total + 1} aria-label={props.label} onKeyDown={focusRow}>
        <Widths columns={props.columns} />
        <Heads {...props} />
        <tbody>
          {before > 0 && <Pad height={before} />}
          {total === undefined ? <Blank columns={props.columns} rows={12} /> : rows.map((one, index) => <Line key={one ? props.rowKey(one) : from + index} props={props} row={one} index={from + index} />)}
          {after > 0 && <Pad height={after} />}
        </tbody>
      </table>
    </div>
  );
}

// Stands in the page with all its rows: for a few.
export function Table<Row>(props: Omit<TableProps<Row>, 'total' | 'row'> & { rows: readonly Row[] | undefined }) {
  const box = useRef<HTMLDivElement>(null);
  const whole: TableProps<Row> = { ...props, total: props.rows?.length, row: (index) => props.rows?.[index] };
  const rows = useHeld(whole, [...(props.rows ?? [])], `${props.sort}|${props.order}`, box);
  const focusRow = useRowFocus(box, rows.length, () => {});
  return (
    <div class="over-x" ref={box}>
      <table class="grid" aria-label={props.label} onKeyDown={focusRow}>
        <Heads {...whole} />
        <tbody>{props.rows === undefined ? <Blank columns={props.columns} rows={3} /> : rows.map((one, index) => one && <Line key={props.rowKey(one)} props={whole} row={one} index={index} />)}</tbody>
      </table>
    </div>
  );
}

const classOf = <Row,>(column: Column<Row>): string => [column.num ? 'num' : '', column.hide ?? ''].join(' ').trim();

function Widths<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <colgroup>
      {columns.map((column) => (
        <col key={column.key} class={column.hide} style={column.width === undefined ? {} : { width: `${column.width}px` }} />
      ))}
    </colgroup>
  );
}

function Heads<Row>({ columns, sort = '', onSort }: TableProps<Row>) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const sorted = sortedBy(sort, column.key);
          const name = (
            <>
              {column.head}
              {column.unit && <Unit>{column.unit}</Unit>}
            </>
          );
          const classes = `${classOf(column)}${sorted ? ' sorted' : ''}`;
          if (!column.head) return <td key={column.key} class={classes} />;
          return (
            <th key={column.key} scope="col" class={classes} title={column.title} aria-sort={column.sort ? (sorted ?? 'none') : undefined}>
              {column.sort && onSort ? (
                <button onClick={() => onSort(nextSort(sort, column.key, column.sort === 'down'))}>
                  {name}
                  {sorted && (
                    <span class={sorted === 'ascending' ? 'up' : ''}>
                      <Icon name="down" size={12} />
                    </span>
                  )}
                </button>
              ) : (
                name
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Line<Row>({ props, row, index }: { props: TableProps<Row>; row: Row | undefined; index: number }) {
  if (row === undefined) return <BlankLine columns={props.columns} index={index} />;
  return (
    <tr data-row={index} aria-rowindex={index + 2} class={props.rowClass?.(row) || undefined}>
      {props.columns.map((column) => (
        <td key={column.key} class={classOf(column) || undefined}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

// One cell and no span: a span would bring back the columns that a narrow window leaves out.
const Pad = ({ height }: { height: number }) => (
  <tr class="pad" aria-hidden="true">
    <td style={{ height: `${height}px` }} />
  </tr>
);

const BlankLine = <Row,>({ columns, index }: { columns: Column<Row>[]; index: number }) => (
  <tr class="wait" aria-rowindex={index + 2}>
    {columns.map((column) => (
      <td key={column.key} class={classOf(column) || undefined} />
    ))}
  </tr>
);

function Blank<Row>({ columns, rows }: { columns: Column<Row>[]; rows: number }) {
  return (
    <>
      {Array.from({ length: rows }, (_, index) => (
        <BlankLine key={index} columns={columns} index={index} />
      ))}
    </>
  );
}

// While the pointer is on the table its rows keep their places.
function useHeld<Row>(props: TableProps<Row>, rows: (Row | undefined)[], list: string, box: { current: HTMLElement | null }): (Row | undefined)[] {
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
function useRowFocus(box: { current: HTMLElement | null }, total: number, show: (index: number) => void) {
  const wanted = useRef(-1);
  const link = (index: number) => box.current?.querySelector<HTMLElement>(`tr[data-row="${index}"] :is(a, button)`);
  const present = (): number => Number(document.activeElement?.closest?.('tr[data-row]')?.getAttribute('data-row') ?? -1);
  const move = (by: number) => {
    if (total === 0) return;
    const inside = box.current?.contains(document.activeElement) === true;
    const now = inside ? present() : -1;
    const start = now >= 0 ? now + by : Number(box.current?.querySelector('tr[data-row]')?.getAttribute('data-row') ?? 0);
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
function useSettled(value: number, act: (value: number) => void): void {
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

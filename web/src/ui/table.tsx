// A table: a real <table>, sorted by its heads, with only the rows in sight in the page. Rows come by number, so that a
// list of any length can be behind it. j and k go through the rows, Enter opens: the focus is on the row's own link.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useHeld, useRowFocus, useSettled } from './table_hooks';
import { Blank, Heads, Line, Pad, Widths } from './table_rows';
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
    setView((now) =>
      now.top === scrollTop && now.height === clientHeight ? now : { top: scrollTop, height: clientHeight },
    );
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
  const rows = useHeld(
    props,
    Array.from({ length: last - from }, (_, index) => row(from + index)),
    `${list}|${view.top}|${view.height}`,
    box,
  );
  return (
    <div class="scroll" ref={box} onScroll={measure}>
      <table
        class={`grid fixed${props.old ? ' old' : ''}`}
        aria-rowcount={total === undefined ? -1 : total + 1}
        aria-label={props.label}
        onKeyDown={focusRow}
      >
        <Widths columns={props.columns} />
        <Heads {...props} />
        <tbody>
          {before > 0 && <Pad height={before} />}
          {total === undefined ? (
            <Blank columns={props.columns} rows={12} />
          ) : (
            rows.map((one, index) => (
              <Line key={one ? props.rowKey(one) : from + index} props={props} row={one} index={from + index} />
            ))
          )}
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
        <tbody>
          {props.rows === undefined ? (
            <Blank columns={props.columns} rows={3} />
          ) : (
            rows.map((one, index) => one && <Line key={props.rowKey(one)} props={whole} row={one} index={index} />)
          )}
        </tbody>
      </table>
    </div>
  );
}

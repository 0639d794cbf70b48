// What a table is made of: heads that sort, lines, and what stands for lines that are not drawn or not here yet.
import { Icon } from '../icons';
import { Unit } from './number';
import { nextSort, sortedBy } from './order';
import type { Column, TableProps } from './table';

const classOf = <Row,>(column: Column<Row>): string => [column.num ? 'num' : '', column.hide ?? ''].join(' ').trim();

export function Widths<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <colgroup>
      {columns.map((column) => (
        <col
          key={column.key}
          class={column.hide}
          style={column.width === undefined ? {} : { width: `${column.width}px` }}
        />
      ))}
    </colgroup>
  );
}

export function Heads<Row>({ columns, sort = '', onSort }: TableProps<Row>) {
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
            <th
              key={column.key}
              scope="col"
              class={classes}
              title={column.title}
              aria-sort={column.sort ? (sorted ?? 'none') : undefined}
            >
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

export function Line<Row>({ props, row, index }: { props: TableProps<Row>; row: Row | undefined; index: number }) {
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
export const Pad = ({ height }: { height: number }) => (
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

export function Blank<Row>({ columns, rows }: { columns: Column<Row>[]; rows: number }) {
  return (
    <>
      {Array.from({ length: rows }, (_, index) => (
        <BlankLine key={index} columns={columns} index={index} />
      ))}
    </>
  );
}

// A list that may be long: filtered and sorted by the server, a page of rows at a time. How it is seen is in the address.
import type { ComponentChildren } from 'preact';
import type { Rows } from '../../api/pages';
import { Filter } from '../../ui/field';
import { Num } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Failure, NotRefreshed } from '../../ui/state';
import { ScrollTable, type Column } from '../../ui/table';
import { Choice, type Tab } from '../../ui/tabs';

interface Seen {
  q: string;
  sort: string; // '' for the names
  at: number; // the first row in sight
}

interface ListPageProps<Row, Head> {
  title: string;
  about?: ComponentChildren; // beside the title
  acts?: ComponentChildren;
  rows: Rows<Row, Head>;
  columns: Column<Row>[];
  seen: Seen;
  see: (change: Partial<Seen>, how?: { replace: boolean }) => void;
  hint: string; // in the filter while it is empty
  choice: { label: string; now: string; choices: Tab[] }; // which rows are shown
  counted: boolean; // it is said how many are left of all
  order: string; // what else decides the order, beside `sort`
  note?: ComponentChildren; // above the rows
  empty: ComponentChildren; // instead of rows
}

export function ListPage<Row extends { name: string }, Head>(props: ListPageProps<Row, Head>) {
  const { title, rows, seen, see } = props;
  const refused = rows.trouble?.problem?.status === 400 ? rows.trouble : undefined;
  return (
    <>
      <div class="head">
        <h1>{title}</h1>
        {props.about && <span class="about">{props.about}</span>}
        {props.acts && <div class="acts">{props.acts}</div>}
      </div>
      <div class="row tools">
        <Filter
          value={seen.q}
          hint={props.hint}
          wrong={refused?.message}
          onInput={(text) => see({ q: text, at: 0 }, { replace: true })}
        />
        <Choice {...props.choice} />
        {props.counted && rows.total !== undefined && !rows.old && (
          <span class="dim" role="status">
            <Num value={rows.total} /> of them
          </span>
        )}
      </div>
      {props.note}
      {!refused && <NotRefreshed of={rows} />}
      <Panel fill>
        {rows.trouble && !refused && rows.total === undefined ? (
          <Failure trouble={rows.trouble} retry={rows.reload} />
        ) : rows.total === 0 && !refused ? (
          props.empty
        ) : (
          <ScrollTable
            label={title}
            columns={props.columns}
            total={rows.total}
            row={rows.row}
            rowKey={({ name }) => name}
            sort={seen.sort || 'name'}
            order={props.order}
            onSort={(next) => see({ sort: next === 'name' ? '' : next, at: 0 })}
            want={rows.want}
            at={seen.at}
            onAt={(index) => see({ at: index }, { replace: true })}
            old={rows.old}
          />
        )}
      </Panel>
    </>
  );
}

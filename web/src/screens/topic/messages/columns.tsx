// The columns of records: what every record has, and paths that somebody chose.
import type { Payload, Record as KafkaRecord, RecordColumn } from '../../../api/types.gen';
import { Icon } from '../../../icons';
import { JsonPreview } from '../../../ui/json';
import { Hidden } from '../../../ui/name';
import { Bytes, Num } from '../../../ui/number';
import type { Column } from '../../../ui/table';
import { Time } from '../../../ui/time';
import { formatName } from './asked';
import { shortName } from './paths';

interface Wanted {
  onOpen: (record: string) => void;
  isBeside: boolean; // an open record, so that there is room for less
  paths: string[];
  rows: readonly KafkaRecord[];
}

export const columns = ({ onOpen, isBeside, paths, rows }: Wanted): Column<KafkaRecord>[] => [
  {
    key: 'time',
    head: 'Time',
    width: isBeside ? 120 : 196,
    hide: isBeside ? 'wide' : 'mid',
    cell: ({ timestamp }) => <Time ms={timestamp} millis />,
  },
  { key: 'partition', head: 'P', num: true, width: 52, title: 'partition', cell: ({ partition }) => partition },
  {
    key: 'offset',
    head: 'Offset',
    num: true,
    width: isBeside ? 108 : 124,
    cell: ({ partition, offset }) => (
      <button class="name" onClick={() => onOpen(`${partition}:${offset}`)}>
        <Num value={offset} />
      </button>
    ),
  },
  { key: 'key', head: 'Key', width: isBeside ? 120 : 190, cell: ({ key }) => <Preview payload={key} none="no key" /> },
  ...paths.map((path, index) => pathColumn(path, index, rows)),
  {
    key: 'value',
    head: 'Value',
    cell: ({ value, state }) =>
      state === 'control' ? <span class="tag">marker</span> : <Preview payload={value} none="tombstone" open={state} />,
  },
  ...(isBeside ? [] : [size]),
];

const size: Column<KafkaRecord> = {
  key: 'size',
  head: 'Size',
  num: true,
  width: 92,
  hide: 'wide',
  cell: ({ bytes }) => <Bytes value={bytes} />,
};

const NUMBER = /^-?\d[\d.eE+-]*$/;
const LOOKED_AT = 20; // rows that say whether a column has numbers

function pathColumn(path: string, index: number, rows: readonly KafkaRecord[]): Column<KafkaRecord> {
  const said = rows.slice(0, LOOKED_AT).flatMap(({ columns: all }) => all?.[index]?.text ?? []);
  return {
    key: path,
    head: shortName(path),
    title: path,
    width: 120,
    num: said.length > 0 && said.every((text) => NUMBER.test(text)),
    cell: ({ columns: all }) => <Cell said={all?.[index]} />,
  };
}

const Cell = ({ said }: { said: RecordColumn | undefined }) =>
  said?.text === undefined ? (
    <span class="dimmer" title="it has none">
      –
    </span>
  ) : (
    <span class="clip" title={said.text}>
      <Hidden text={said.text} />
      {said.cut && '…'}
    </span>
  );

// Names of the chosen columns, each to be taken away.
export function ChosenColumns({ paths, onRemove }: { paths: string[]; onRemove: (path: string) => void }) {
  if (paths.length === 0) return null;
  return (
    <div class="row wrap chosen small" role="group" aria-label="Columns">
      {paths.map((path) => (
        <button key={path} class="tag" aria-label={`Remove the column ${path}`} onClick={() => onRemove(path)}>
          <Hidden text={path} />
          <Icon name="close" size={12} />
        </button>
      ))}
    </div>
  );
}

export function Preview({ payload, none, open }: { payload: Payload; none: string; open?: string | undefined }) {
  if (payload.format === 'null') return <span class="tag">{none}</span>;
  return (
    <span class="mono clip preview">
      {open === 'open' && <span class="tag">open transaction</span>}
      {payload.format === 'hex' && <span class="dimmer">{formatName.hex} </span>}
      {payload.text === '' ? (
        <span class="dimmer">(empty)</span>
      ) : payload.is_json ? (
        <JsonPreview text={payload.text} />
      ) : (
        <Hidden text={payload.text} />
      )}
      {payload.cut && <span class="dimmer">…</span>}
    </span>
  );
}

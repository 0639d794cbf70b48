// The columns of records.
import type { Payload, Record as KafkaRecord } from '../../../api/types.gen';
import { JsonPreview } from '../../../ui/json';
import { Hidden } from '../../../ui/name';
import { Bytes, Num } from '../../../ui/number';
import type { Column } from '../../../ui/table';
import { Time } from '../../../ui/time';
import { formatName } from './asked';

// Beside an open record there is room for less.
export const columns = (onOpen: (record: string) => void, isBeside: boolean): Column<KafkaRecord>[] => [
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

function Preview({ payload, none, open }: { payload: Payload; none: string; open?: string | undefined }) {
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

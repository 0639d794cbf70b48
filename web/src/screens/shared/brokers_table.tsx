import type { Broker } from '../../api/types.gen';
import { href } from '../../router';
import { Bar } from '../../ui/bar';
import { Name } from '../../ui/name';
import { Bytes, Num, Unit, Unknown } from '../../ui/number';
import { span } from '../../ui/text';
import { Table, type Column } from '../../ui/table';
import { BrokerStateTag } from './words';

const tone = ({ state, out_of_sync }: Broker): string =>
  state === 'fenced' ? 'bad' : state === 'stopping' || out_of_sync > 0 ? 'warn' : '';
const ELSEWHERE = 'only the console of that broker knows';

// The share of the disks that is used, by anybody.
export function Disk({
  broker: { disk_total: total, disk_free: free },
}: {
  broker: Pick<Broker, 'disk_total' | 'disk_free'>;
}) {
  if (total === undefined || free === undefined || Number(total) === 0) return <Unknown why={ELSEWHERE} />;
  const used = 1 - Number(free) / Number(total);
  return (
    <span class="barred" title={`${free} of ${total} B free`}>
      <Bar share={used} tone={used > 0.95 ? 'bad' : used > 0.85 ? 'warn' : ''} />
      <span>
        {Math.round(used * 100)}
        <Unit>%</Unit>
      </span>
    </span>
  );
}

const columns: Column<Broker>[] = [
  {
    key: 'id',
    head: 'Id',
    cell: (broker) => (
      <span class="row">
        <i class={`dot ${tone(broker)}`} />
        <a class="name" href={href('broker', { broker: String(broker.id) })}>
          {broker.id}
        </a>
      </span>
    ),
  },
  {
    key: 'host',
    head: 'Address',
    cell: ({ host, port }) => (
      <>
        <Name text={host} />:{port}
      </>
    ),
  },
  {
    key: 'role',
    head: 'State',
    cell: (broker) => (
      <span class="row">
        <BrokerStateTag state={broker.state} />
        {broker.controller && <span class="tag accent">controller</span>}
      </span>
    ),
  },
  {
    key: 'rack',
    head: 'Rack',
    hide: 'wide',
    cell: ({ rack }) => <span class="dim">{rack === undefined ? '' : <Name text={rack} />}</span>,
  },
  {
    key: 'up',
    head: 'Up',
    num: true,
    hide: 'wide',
    cell: ({ started_at }) =>
      started_at === undefined ? (
        <Unknown why={ELSEWHERE} />
      ) : (
        <span class="dim">{span(Date.now() - Number(started_at))}</span>
      ),
  },
  { key: 'leads', head: 'Leads', num: true, hide: 'mid', cell: ({ leads }) => <Num value={leads} /> },
  {
    key: 'replicas',
    head: 'Replicas',
    num: true,
    hide: 'wide',
    cell: ({ replicas }) => (
      <span class="dim">
        <Num value={replicas} />
      </span>
    ),
  },
  {
    key: 'out_of_sync',
    head: 'Not in sync',
    num: true,
    hide: 'mid',
    cell: ({ out_of_sync }) => (
      <span class={out_of_sync ? 'warn-ink' : 'dim'}>
        <Num value={out_of_sync} />
      </span>
    ),
  },
  {
    key: 'bytes',
    head: 'Stored',
    num: true,
    hide: 'mid',
    cell: ({ bytes }) => (bytes === undefined ? <Unknown why={ELSEWHERE} /> : <Bytes value={bytes} />),
  },
  { key: 'disk', head: 'Disk', num: true, hide: 'mid', cell: (broker) => <Disk broker={broker} /> },
];

export function BrokersTable({ brokers }: { brokers: Broker[] }) {
  return <Table label="Brokers" columns={columns} rows={brokers} rowKey={(broker) => String(broker.id)} />;
}

// A topic's partitions: who leads, who follows, and what is in them.
import { at } from '../../api/client';
import { usePages } from '../../api/pages';
import type { Int64, Partition } from '../../api/types.gen';
import { see, type Place } from '../../router';
import { Bytes, Num, Unknown } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Failure, NotRefreshed } from '../../ui/state';
import { ScrollTable, type Column } from '../../ui/table';

const elsewhere = ({ leader }: Partition): string =>
  leader === undefined ? 'no broker leads it' : `broker ${leader} leads it: its own console knows`;
const number =
  (value: (partition: Partition) => Int64 | number | undefined, dim = false) =>
  (partition: Partition) => {
    const known = value(partition);
    if (known === undefined) return <Unknown why={elsewhere(partition)} />;
    return dim ? (
      <span class="dim">
        <Num value={known} />
      </span>
    ) : (
      <Num value={known} />
    );
  };

const columns: Column<Partition>[] = [
  {
    key: 'partition',
    head: 'Partition',
    num: true,
    width: 100,
    sort: 'up',
    cell: (partition) => <PartitionNumber partition={partition} />,
  },
  { key: 'leader', head: 'Leader', width: 120, sort: 'up', cell: (partition) => <Leader partition={partition} /> },
  { key: 'replicas', head: 'Replicas', cell: (partition) => <Replicas partition={partition} /> },
  { key: 'start', head: 'Start', num: true, width: 124, hide: 'mid', cell: number(({ start }) => start, true) },
  { key: 'end', head: 'End', num: true, width: 124, cell: number(({ end, high_watermark }) => end ?? high_watermark) },
  {
    key: 'high_watermark',
    head: 'High watermark',
    num: true,
    width: 132,
    hide: 'wide',
    title: 'up to which all replicas in sync have it',
    cell: (partition) => <Watermark partition={partition} />,
  },
  { key: 'records', head: 'Records', num: true, width: 124, hide: 'mid', cell: number(({ records }) => records) },
  {
    key: 'bytes',
    head: 'Size',
    num: true,
    width: 98,
    hide: 'mid',
    cell: (partition) =>
      partition.bytes === undefined ? <Unknown why={elsewhere(partition)} /> : <Bytes value={partition.bytes} />,
  },
  {
    key: 'segments',
    head: 'Segments',
    num: true,
    width: 92,
    hide: 'wide',
    cell: number(({ segments }) => segments, true),
  },
  {
    key: 'epoch',
    head: 'Epoch',
    num: true,
    width: 72,
    hide: 'wide',
    title: 'leader epoch',
    cell: ({ epoch }) => <span class="dim">{epoch}</span>,
  },
];

// It opens nothing yet; the focus stands on it, so that keys go through the rows and `c` copies it.
function PartitionNumber({ partition: { partition } }: { partition: Partition }) {
  return (
    <a class="name" href={`#${partition}`} id={String(partition)}>
      {partition}
    </a>
  );
}

function Leader({ partition: { leader, replicas, offline } }: { partition: Partition }) {
  if (leader === undefined) return <span class="tag bad">no leader</span>;
  return (
    <span class="row">
      {leader}
      {offline && <span class="tag bad">offline</span>}
      {leader !== replicas[0] && (
        <span class="dimmer" title={`broker ${replicas[0]} is the preferred leader`}>
          not preferred
        </span>
      )}
    </span>
  );
}

function Replicas({ partition: { replicas, in_sync, adding, removing } }: { partition: Partition }) {
  const missing = replicas.filter((id) => !in_sync.includes(id));
  return (
    <span class="row">
      {replicas.join(', ')}
      {missing.length > 0 && <span class="tag warn">{missing.join(', ')} not in sync</span>}
      {adding.length > 0 && <span class="tag">adding {adding.join(', ')}</span>}
      {removing.length > 0 && <span class="tag">removing {removing.join(', ')}</span>}
    </span>
  );
}

// Said only where it differs from the end; where transactions are open, readers see less still.
function Watermark({ partition }: { partition: Partition }) {
  const { high_watermark: mark, last_stable: stable, end } = partition;
  if (mark === undefined) return <Unknown why={elsewhere(partition)} />;
  if (stable !== undefined && stable < mark)
    return (
      <span class="warn-ink" title={`a transaction is open since offset ${stable}`}>
        <Num value={stable} /> stable
      </span>
    );
  return mark === end ? <span class="dimmer">at the end</span> : <Num value={mark} />;
}

export function Partitions({ place }: { place: Place<'topic'> }) {
  const { sort, at: first } = place.query;
  const partitions = usePages<Partition>(at`/topics/${place.path.topic}/partitions`, { sort });
  if (partitions.trouble && partitions.total === undefined)
    return <Failure trouble={partitions.trouble} retry={partitions.reload} />;
  return (
    <>
      <NotRefreshed of={partitions} />
      <Panel fill>
        <ScrollTable
          label={`Partitions of ${place.path.topic}`}
          columns={columns}
          total={partitions.total}
          row={partitions.row}
          rowKey={({ partition }) => String(partition)}
          sort={sort || 'partition'}
          onSort={(next) => see(place, { sort: next === 'partition' ? '' : next, at: 0 })}
          want={partitions.want}
          at={first}
          onAt={(index) => see(place, { at: index }, { replace: true })}
          old={partitions.old}
        />
      </Panel>
    </>
  );
}

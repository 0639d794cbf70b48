// What a row of the topics says.
import type { Topic } from '../../api/types.gen';
import { href } from '../../router';
import { Bar } from '../../ui/bar';
import { Name, plain } from '../../ui/name';
import { Bytes, Duration, Num, Unknown } from '../../ui/number';
import type { Column } from '../../ui/table';
import { rate } from '../shared/history';
import { Kept, TopicTags } from '../shared/words';

const ELSEWHERE = 'another broker leads a partition of it';
const SILENT = 'the leader of a partition does not say';

export const columns = (largest: () => number): Column<Topic>[] => [
  {
    key: 'name',
    head: 'Topic',
    sort: 'up',
    cell: (topic) => (
      <span class="row">
        <a class="name clip" href={href('topic', { topic: topic.name })}>
          <Name text={topic.name} />
        </a>
        {topic.internal && <span class="tag">internal</span>}
        <TopicTags topic={topic} />
      </span>
    ),
  },
  {
    key: 'partitions',
    head: 'Partitions',
    num: true,
    width: 84,
    sort: 'down',
    cell: ({ partitions }) => (
      <span class="dim">
        <Num value={partitions} />
      </span>
    ),
  },
  {
    key: 'replicas',
    head: 'Replicas',
    num: true,
    width: 76,
    sort: 'down',
    hide: 'mid',
    cell: ({ replicas }) => <span class="dim">{replicas}</span>,
  },
  {
    key: 'min_in_sync',
    head: 'Min in sync',
    num: true,
    width: 88,
    sort: 'down',
    hide: 'wide',
    cell: ({ min_in_sync }) => <span class="dim">{min_in_sync}</span>,
  },
  {
    key: 'records',
    head: 'Records',
    num: true,
    width: 116,
    sort: 'down',
    cell: (topic) => <Records topic={topic} />,
  },
  {
    key: 'bytes',
    head: 'Size',
    num: true,
    width: 140,
    sort: 'down',
    hide: 'mid',
    cell: ({ bytes }) =>
      bytes === undefined ? <Unknown why={ELSEWHERE} /> : <Size bytes={bytes} largest={largest()} />,
  },
  {
    key: 'written_s',
    head: 'Written',
    num: true,
    width: 92,
    sort: 'down',
    hide: 'wide',
    cell: ({ written_s }) => (written_s ? rate(written_s) : ''),
  },
  {
    key: 'oldest_unread_ms',
    head: 'Oldest unread',
    num: true,
    width: 106,
    sort: 'down',
    hide: 'wide',
    cell: ({ oldest_unread_ms: ms, oldest_unread_group: group }) =>
      ms === undefined ? (
        ''
      ) : (
        <span title={`by ${plain(group ?? '')}`}>
          <Duration ms={ms} />
        </span>
      ),
  },
  {
    key: 'retention_ms',
    head: 'Kept',
    num: true,
    width: 72,
    sort: 'down',
    hide: 'mid',
    cell: ({ retention_ms, cleanup }) => (
      <span class="dim">
        <Kept ms={retention_ms} cleanup={cleanup} />
      </span>
    ),
  },
  {
    key: 'cleanup',
    head: 'Cleanup',
    width: 118,
    sort: 'up',
    hide: 'wide',
    cell: ({ cleanup }) => <span class="dim">{cleanup.join(', ')}</span>,
  },
];

// Of a compacted topic the difference of the offsets is more than there are.
function Records({ topic: { records, cleanup } }: { topic: Topic }) {
  if (records === undefined) return <Unknown why={SILENT} />;
  if (!cleanup.includes('compact')) return <Num value={records} />;
  return (
    <span title="end minus start: compaction has removed some of them">
      <span class="dimmer">at most </span>
      <Num value={records} />
    </span>
  );
}

function Size({ bytes, largest }: { bytes: number | bigint; largest: number }) {
  return (
    <span class="barred">
      <Bar share={largest > 0 ? Number(bytes) / largest : 0} />
      <Bytes value={bytes} />
    </span>
  );
}

// What a row of the topics says.
import type { Topic } from '../../api/types.gen';
import { href } from '../../router';
import { Bar } from '../../ui/bar';
import { Name } from '../../ui/name';
import { Bytes, Num, Unknown } from '../../ui/number';
import type { Column } from '../../ui/table';
import { Kept, TopicTags } from '../shared/words';

const ELSEWHERE = 'another broker leads a partition of it';

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
    width: 96,
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
    width: 88,
    sort: 'down',
    hide: 'mid',
    cell: ({ replicas }) => <span class="dim">{replicas}</span>,
  },
  {
    key: 'min_in_sync',
    head: 'Min in sync',
    num: true,
    width: 98,
    sort: 'down',
    hide: 'wide',
    cell: ({ min_in_sync }) => <span class="dim">{min_in_sync}</span>,
  },
  { key: 'records', head: 'Records', num: true, width: 128, cell: (topic) => <Records topic={topic} /> },
  {
    key: 'bytes',
    head: 'Size',
    num: true,
    width: 158,
    hide: 'mid',
    cell: ({ bytes }) =>
      bytes === undefined ? <Unknown why={ELSEWHERE} /> : <Size bytes={bytes} largest={largest()} />,
  },
  {
    key: 'retention_ms',
    head: 'Kept',
    num: true,
    width: 82,
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
    width: 128,
    sort: 'up',
    hide: 'wide',
    cell: ({ cleanup }) => <span class="dim">{cleanup.join(', ')}</span>,
  },
];

// Of a compacted topic the difference of the offsets is more than there are.
function Records({ topic: { records, cleanup } }: { topic: Topic }) {
  if (records === undefined) return <Unknown why={ELSEWHERE} />;
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

// Every topic, however many: filtered and sorted by the server, a page of rows at a time.
import { useRef } from 'preact/hooks';
import { useAnswer } from '../api/live';
import { usePages } from '../api/pages';
import type { Cluster, Topic, TopicPage } from '../api/types.gen';
import { href, see, type Place } from '../router';
import { Bar } from '../ui/bar';
import { Filter } from '../ui/field';
import { Name } from '../ui/name';
import { Bytes, Num, Unknown } from '../ui/number';
import { Panel } from '../ui/panel';
import { Empty, Failure } from '../ui/state';
import { Choice, type Tab } from '../ui/tabs';
import { plural } from '../ui/text';
import { ScrollTable, type Column } from '../ui/table';
import { Kept, TopicTags } from './shared/words';

const ELSEWHERE = 'another broker leads a partition of it';

const columns = (largest: () => number): Column<Topic>[] => [
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
  { key: 'partitions', head: 'Partitions', num: true, width: 96, sort: 'down', cell: ({ partitions }) => <span class="dim"><Num value={partitions} /></span> },
  { key: 'replicas', head: 'Replicas', num: true, width: 88, sort: 'down', hide: 'mid', cell: ({ replicas }) => <span class="dim">{replicas}</span> },
  { key: 'min_in_sync', head: 'Min in sync', num: true, width: 98, sort: 'down', hide: 'wide', cell: ({ min_in_sync }) => <span class="dim">{min_in_sync}</span> },
  { key: 'records', head: 'Records', num: true, width: 128, cell: (topic) => <Records topic={topic} /> },
  { key: 'bytes', head: 'Size', num: true, width: 158, hide: 'mid', cell: ({ bytes }) => (bytes === undefined ? <Unknown why={ELSEWHERE} /> : <Size bytes={bytes} largest={largest()} />) },
  { key: 'retention_ms', head: 'Kept', num: true, width: 82, sort: 'down', hide: 'mid', cell: ({ retention_ms, cleanup }) => <span class="dim"><Kept ms={retention_ms} cleanup={cleanup} /></span> },
  { key: 'cleanup', head: 'Cleanup', width: 128, sort: 'up', hide: 'wide', cell: ({ cleanup }) => <span class="dim">{cleanup.join(', ')}</span> },
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

export default function Topics({ place }: { place: Place<'topics'> }) {
  const { q, show, sort, at } = place.query;
  const cluster = useAnswer<Cluster>('/cluster').data;
  const topics = usePages<Topic, TopicPage>('/topics', { q, show, sort });
  const largest = useLargest(topics.head);
  const refused = topics.trouble?.problem?.status === 400 ? topics.trouble : undefined;
  return (
    <>
      <div class="head">
        <h1>Topics</h1>
        {cluster && (
          <span class="about">
            <Num value={cluster.topics} /> {plural(cluster.topics, 'topic')}, <Num value={cluster.partitions} /> {plural(cluster.partitions, 'partition')}
          </span>
        )}
      </div>
      <div class="row tools">
        <Filter value={q} hint="Filter by name, or /^a.*v1$/" wrong={refused?.message} onInput={(text) => see(place, { q: text, at: 0 }, { replace: true })} />
        <Choice label="Which topics" now={show} choices={choices(place, topics.head)} />
        {q && topics.total !== undefined && !topics.old && (
          <span class="dim" role="status">
            <Num value={topics.total} /> of them
          </span>
        )}
      </div>
      <Panel fill>
        {topics.trouble && !refused && topics.total === undefined ? (
          <Failure trouble={topics.trouble} retry={topics.reload} />
        ) : topics.total === 0 && !refused ? (
          <NoTopics place={place} />
        ) : (
          <ScrollTable
            label="Topics"
            columns={columns(largest)}
            total={topics.total}
            row={topics.row}
            rowKey={({ name }) => name}
            sort={sort || 'name'}
            order={`${q}|${show}`}
            onSort={(next) => see(place, { sort: next === 'name' ? '' : next, at: 0 })}
            want={topics.want}
            at={at}
            onAt={(index) => see(place, { at: index }, { replace: true })}
            old={topics.old}
          />
        )}
      </Panel>
    </>
  );
}

// The largest topic seen so far: what bars are measured against, so that they do not change while one scrolls.
function useLargest(page: TopicPage | undefined): () => number {
  const largest = useRef(0);
  for (const { bytes } of page?.items ?? []) largest.current = Math.max(largest.current, Number(bytes ?? 0));
  return () => largest.current;
}

function choices(place: Place<'topics'>, page: TopicPage | undefined): Tab[] {
  const to = (key: Place<'topics'>['query']['show'], label: string, count?: number): Tab => ({
    key,
    label,
    count,
    href: href('topics', {}, { ...place.query, show: key, at: 0 }),
  });
  return [
    to('all', 'All', page?.all),
    to('attention', 'Needs attention', page?.attention),
    to('own', 'Yours', page && page.all - page.internal),
    to('internal', 'Internal', page?.internal),
  ];
}

function NoTopics({ place: { query } }: { place: Place<'topics'> }) {
  if (query.q) return <Empty title="No topic has this in its name">Between slashes it is a regular expression: /^orders\..*$/. Press Esc in the filter to empty it.</Empty>;
  if (query.show === 'attention') return <Empty title="No topic needs attention">Every partition has a leader, and its replicas are in sync.</Empty>;
  if (query.show === 'internal') return <Empty title="There are no internal topics yet">Kafka’s own topics come with the first consumer group or transaction.</Empty>;
  return (
    <Empty title="There are no topics yet" command={`kafka-topics --bootstrap-server ${location.hostname}:9092 --create --topic orders --partitions 3`}>
      A topic appears here as soon as it is created, by a tool or by a program that writes to it.
    </Empty>
  );
}

// Every topic, however many: filtered and sorted by the server, a page of rows at a time.
import { useRef } from 'preact/hooks';
import { useAnswer } from '../../api/live';
import { usePages } from '../../api/pages';
import type { Cluster, Topic, TopicPage } from '../../api/types.gen';
import { href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { Num } from '../../ui/number';
import { Empty } from '../../ui/state';
import type { Tab } from '../../ui/tabs';
import { plural } from '../../ui/text';
import { CreateTopic } from '../changes/topic_changes';
import { ListPage } from '../shared/list_page';
import { columns } from './columns';

export default function Topics({ place }: { place: Place<'topics'> }) {
  const { q, show, sort } = place.query;
  const cluster = useAnswer<Cluster>('/cluster').data;
  const topics = usePages<Topic, TopicPage>('/topics', { q, show, sort });
  const largest = useLargest(topics.head);
  return (
    <>
      <ListPage
        title="Topics"
        about={
          cluster && (
            <>
              <Num value={cluster.topics} /> {plural(cluster.topics, 'topic')}, <Num value={cluster.partitions} />{' '}
              {plural(cluster.partitions, 'partition')}
            </>
          )
        }
        acts={
          mayChange() && (
            <a class="btn main" href={href('topics', {}, { ...place.query, act: 'create' })}>
              Create topic
            </a>
          )
        }
        rows={topics}
        columns={columns(largest)}
        seen={place.query}
        see={(change, how) => see(place, change, how)}
        hint="Filter by name, or /^a.*v1$/"
        choice={{ label: 'Which topics', now: show, choices: choices(place, topics.head) }}
        counted={q !== ''}
        order={`${q}|${show}`}
        empty={<NoTopics place={place} />}
      />
      {place.query.act === 'create' && <CreateTopic onClose={() => see(place, { act: '' })} />}
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
  if (query.q)
    return (
      <Empty title="No topic has this in its name">
        Between slashes it is a regular expression: /^orders\..*$/. Press Esc in the filter to empty it.
      </Empty>
    );
  if (query.show === 'attention')
    return <Empty title="No topic needs attention">Every partition has a leader, and its replicas are in sync.</Empty>;
  if (query.show === 'internal')
    return (
      <Empty title="There are no internal topics yet">
        Kafka’s own topics come with the first consumer group or transaction.
      </Empty>
    );
  return (
    <Empty
      title="There are no topics yet"
      command={`kafka-topics --bootstrap-server ${location.hostname}:9092 --create --topic orders --partitions 3`}
    >
      A topic appears here as soon as it is created, by a tool or by a program that writes to it.
    </Empty>
  );
}

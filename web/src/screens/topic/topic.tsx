// One topic: what it is, and its tabs.
import { useState } from 'preact/hooks';
import { at } from '../../api/client';
import { useAnswer } from '../../api/live';
import type { Configuration, Topic } from '../../api/types.gen';
import { Icon } from '../../icons';
import { href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { loadedLater } from '../../ui/loaded_later';
import { Name } from '../../ui/name';
import { Bytes, Num } from '../../ui/number';
import { Failure, NotRefreshed } from '../../ui/state';
import { Tabs } from '../../ui/tabs';
import { plural } from '../../ui/text';
import { TopicAct } from '../changes/topic_changes';
import { ConfigurationTab } from '../shared/configuration';
import { Kept, TopicTags } from '../shared/words';
import { TopicGroups } from './groups';
import { Messages } from './messages/messages';
import { Partitions } from './partitions';

const ImportDrawer = loadedLater(() => import('./import').then((part) => part.ImportDrawer));
const Produce = loadedLater(() => import('./produce').then((part) => part.Produce));

export default function TopicScreen({ place }: { place: Place<'topic'> }) {
  const { topic: name, tab } = place.path;
  const topic = useAnswer<Topic>(at`/topics/${name}`);
  // Undefined: nothing is written; '' a new record; else one like that record.
  const [writing, write] = useState<string>();
  const [importing, open] = useState(false);
  const config = useAnswer<Configuration>(at`/topics/${name}/config`);
  if (!topic.data && topic.trouble) return <Failure trouble={topic.trouble} retry={topic.reload} />;
  const to = (key: typeof tab) => href('topic', { topic: name, tab: key });
  return (
    <>
      <div class="head">
        <h1>
          <Name text={name} />
        </h1>
        {topic.data && <About topic={topic.data} />}
        {mayChange() && <Acts place={place} onProduce={() => write('')} />}
      </div>
      <NotRefreshed of={topic} />
      <Tabs
        label="Of this topic"
        now={tab}
        tabs={[
          { key: 'messages', label: 'Messages', href: to('messages') },
          { key: 'partitions', label: 'Partitions', href: to('partitions'), count: topic.data?.partitions },
          { key: 'groups', label: 'Groups', href: to('groups'), count: topic.data?.groups },
          {
            key: 'configuration',
            label: config.data?.set ? `Configuration, ${config.data.set} set` : 'Configuration',
            href: to('configuration'),
          },
        ]}
      />
      {tab === 'messages' && <Messages place={place} {...(mayChange() ? { onAgain: write } : {})} />}
      {tab === 'partitions' && <Partitions place={place} />}
      {tab === 'groups' && <TopicGroups place={place} />}
      {tab === 'configuration' && (
        <ConfigurationTab
          place={place}
          answer={config}
          path={at`/topics/${name}/config`}
          command={(option, value) =>
            `kafka-configs --bootstrap-server ${location.hostname}:9092 --entity-type topics --entity-name ${name} --alter --add-config ${option}=${value}`
          }
        />
      )}
      {writing !== undefined && (
        <Produce
          topic={name}
          from={writing || undefined}
          onWritten={(record) => see(place, { record }, { replace: true })}
          onClose={() => write(undefined)}
          onFile={() => {
            write(undefined);
            open(true);
          }}
        />
      )}
      {importing && <ImportDrawer topic={name} onClose={() => open(false)} />}
      {topic.data && <TopicAct place={place} topic={topic.data} onClose={() => see(place, { act: '' })} />}
    </>
  );
}

function Acts({ place, onProduce }: { place: Place<'topic'>; onProduce: () => void }) {
  const to = (act: Place<'topic'>['query']['act']) => href('topic', place.path, { ...place.query, act });
  return (
    <div class="acts">
      <button class="btn" onClick={onProduce}>
        <Icon name="send" size={14} />
        Produce
      </button>
      <a class="btn" href={to('grow')}>
        Add partitions
      </a>
      <a class="btn" href={to('records')}>
        Delete records
      </a>
      <a class="btn" href={to('delete')}>
        Delete
      </a>
    </div>
  );
}

function About({ topic }: { topic: Topic }) {
  const kept = topic.cleanup.includes('delete');
  return (
    <>
      {topic.internal && <span class="tag">internal</span>}
      <span class="tag">
        {topic.cleanup.join(' and ')}
        {kept && (
          <>
            , <Kept ms={topic.retention_ms} cleanup={topic.cleanup} />
          </>
        )}
      </span>
      <span class="tag">
        {topic.replicas} {plural(topic.replicas, 'replica')}
      </span>
      <TopicTags topic={topic} />
      <span class="about">
        {topic.records !== undefined && (
          <>
            <Num value={topic.records} /> {plural(topic.records, 'record')}
          </>
        )}
        {topic.bytes !== undefined && (
          <>
            , <Bytes value={topic.bytes} />
          </>
        )}
      </span>
    </>
  );
}

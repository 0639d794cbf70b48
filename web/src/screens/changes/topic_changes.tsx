// Topics come, grow, lose records, and go.
import { useState } from 'preact/hooks';
import { at } from '../../api/client';
import type { Change } from '../../api/plan';
import type { Plan, RecordsBefore, Topic } from '../../api/types.gen';
import { go, href, type Place } from '../../router';
import { zone } from '../../settings';
import { Input, Pick, Select } from '../../ui/input';
import { integerOf } from '../../ui/integers';
import { instantOf, writtenInstant } from '../../ui/instant';
import { plural } from '../../ui/text';
import { PartitionsInput, partitionsOf, TimeInput } from './inputs';
import { Options, optionsOf, type OptionRow } from './options';
import { PlanDrawer } from './plan_drawer';

const cleanups = [
  { key: '', label: 'as all topics' },
  { key: 'delete', label: 'delete old records' },
  { key: 'compact', label: 'keep the last of each key' },
  { key: 'compact,delete', label: 'both' },
] as const;

const counted = (n: number, one: string): string => `${n} ${plural(n, one)}`;

export function CreateTopic({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [partitions, setPartitions] = useState('');
  const [replicas, setReplicas] = useState('');
  const [cleanup, setCleanup] = useState<(typeof cleanups)[number]['key']>('');
  const [rows, setRows] = useState<OptionRow[]>([]);
  const options = [...(cleanup ? [{ name: 'cleanup.policy', value: cleanup }] : []), ...optionsOf(rows)];
  const body = {
    name: name.trim(),
    ...(partitions ? { partitions: integerOf(partitions) ?? partitions } : {}),
    ...(replicas ? { replicas: integerOf(replicas) ?? replicas } : {}),
    ...(options.length ? { options } : {}),
  };
  return (
    <PlanDrawer
      title="Create a topic"
      change={body.name ? { method: 'POST', path: '/topics', body } : undefined}
      verb={() => (body.name ? `Create ${body.name}` : 'Create')}
      onClose={onClose}
      onDone={() => go(href('topic', { topic: body.name }))}
    >
      {(wrong) => (
        <div class="form">
          <Input label="Name" value={name} onInput={setName} wrong={wrong('/name')} width={360} mono focus />
          <div class="row">
            <Input
              label="Partitions"
              value={partitions}
              onInput={setPartitions}
              wrong={wrong('/partitions')}
              hint="empty: num.partitions"
              width={150}
              number
            />
            <Input
              label="Replicas of each"
              value={replicas}
              onInput={setReplicas}
              wrong={wrong('/replicas')}
              hint="empty: default.replication.factor"
              width={150}
              number
            />
            <Select label="Cleanup" value={cleanup} choices={cleanups} onPick={setCleanup} />
          </div>
          <Options rows={rows} onChange={setRows} wrong={wrong('/options')} />
        </div>
      )}
    </PlanDrawer>
  );
}

export function GrowTopic({ topic, onClose }: { topic: Topic; onClose: () => void }) {
  const [partitions, setPartitions] = useState(String(topic.partitions + 1));
  const count = integerOf(partitions);
  const more = Number(count ?? 0) - topic.partitions;
  return (
    <PlanDrawer
      title={`Add partitions to ${topic.name}`}
      change={
        count === undefined
          ? undefined
          : { method: 'POST', path: at`/topics/${topic.name}/partitions`, body: { partitions: count } }
      }
      verb={() => (more > 0 ? `Add ${counted(more, 'partition')}` : 'Add partitions')}
      onClose={onClose}
    >
      {(wrong) => (
        <div class="form">
          <Input
            label="Partitions then"
            value={partitions}
            onInput={setPartitions}
            wrong={count === undefined ? 'a number' : wrong('/partitions')}
            hint={`it has ${topic.partitions}`}
            width={150}
            number
            focus
          />
        </div>
      )}
    </PlanDrawer>
  );
}

export function DeleteTopic({ topic, onClose }: { topic: string; onClose: () => void }) {
  return (
    <PlanDrawer
      title={`Delete ${topic}`}
      change={{ method: 'DELETE', path: at`/topics/${topic}` }}
      verb={(plan) => `Delete ${topic}${records(plan, ' and its ')}`}
      onClose={onClose}
      onDone={() => go(href('topics'))}
    />
  );
}

const records = (plan: Plan | undefined, before: string): string =>
  plan?.records === undefined ? '' : `${before}${plan.records} ${plural(plan.records, 'record')}`;

const upTo = [
  { key: 'end', label: 'All' },
  { key: 'offset', label: 'Up to an offset' },
  { key: 'time', label: 'Older than a time' },
] as const;

export function DeleteRecords({ topic, onClose }: { topic: string; onClose: () => void }) {
  const [before, setBefore] = useState<RecordsBefore>('end');
  const [offset, setOffset] = useState('');
  const [time, setTime] = useState(() => writtenInstant(Date.now() - 86_400_000, zone.peek()));
  const [some, setSome] = useState('');
  const partitions = partitionsOf(some);
  const target =
    before === 'end'
      ? { before }
      : before === 'offset'
        ? { before, offset: integerOf(offset) }
        : { before, time: instantOf(time, zone.value) };
  const complete = partitions !== undefined && Object.values(target).every((value) => value !== undefined);
  const body = { ...target, ...(partitions?.length ? { partitions } : {}) };
  const change: Change | undefined = complete
    ? { method: 'POST', path: at`/topics/${topic}/delete-records`, body }
    : undefined;
  return (
    <PlanDrawer
      title={`Delete records of ${topic}`}
      change={change}
      verb={(plan) => `Delete${records(plan, ' ') || ' records'}`}
      onClose={onClose}
    >
      {(wrong) => (
        <div class="form">
          <Pick label="Which" value={before} choices={upTo} onPick={setBefore} />
          {before === 'offset' && (
            <Input
              label="Offset that stays"
              value={offset}
              onInput={setOffset}
              wrong={wrong('/offset')}
              width={200}
              number
              focus
            />
          )}
          {before === 'time' && <TimeInput value={time} onInput={setTime} />}
          <PartitionsInput value={some} onInput={setSome} wrong={wrong('/partitions')} width={200} />
        </div>
      )}
    </PlanDrawer>
  );
}

// The drawer that the address says.
export function TopicAct({ place, topic, onClose }: { place: Place<'topic'>; topic: Topic; onClose: () => void }) {
  if (place.query.act === 'grow') return <GrowTopic topic={topic} onClose={onClose} />;
  if (place.query.act === 'records') return <DeleteRecords topic={topic.name} onClose={onClose} />;
  if (place.query.act === 'delete') return <DeleteTopic topic={topic.name} onClose={onClose} />;
  return null;
}

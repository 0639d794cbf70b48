// A group goes on elsewhere, forgets a topic, or goes.
import { useState } from 'preact/hooks';
import { address, at } from '../../api/client';
import type { Change } from '../../api/plan';
import type { ResetTo } from '../../api/types.gen';
import { go, href, type Place } from '../../router';
import { zone } from '../../settings';
import { Input, Pick } from '../../ui/input';
import { integerOf } from '../../ui/integers';
import { instantOf, writtenInstant } from '../../ui/instant';
import { plural } from '../../ui/text';
import { PartitionsInput, partitionsOf, TimeInput } from './inputs';
import { PlanDrawer } from './plan_drawer';

const targets = [
  { key: 'earliest', label: 'Earliest' },
  { key: 'latest', label: 'Latest' },
  { key: 'time', label: 'Time' },
  { key: 'offset', label: 'Offset' },
  { key: 'shift', label: 'Shift by' },
] as const;

const HOUR_MS = 3_600_000;

export function ResetOffsets({ group, topic, onClose }: { group: string; topic: string; onClose: () => void }) {
  const [to, setTo] = useState<ResetTo>('time');
  const [time, setTime] = useState(() => writtenInstant(Date.now() - HOUR_MS, zone.peek()));
  const [offset, setOffset] = useState('');
  const [shift, setShift] = useState('');
  const [only, setOnly] = useState(topic);
  const [some, setSome] = useState('');
  const partitions = partitionsOf(some);
  const target = {
    earliest: {},
    latest: {},
    time: { time: instantOf(time, zone.value) },
    offset: { offset: integerOf(offset) },
    shift: { shift: integerOf(shift) },
  }[to];
  const complete = partitions !== undefined && Object.values(target).every((value) => value !== undefined);
  const body = {
    to,
    ...target,
    ...(only.trim() ? { topics: [only.trim()] } : {}),
    ...(partitions?.length ? { partitions } : {}),
  };
  const change: Change | undefined = complete
    ? { method: 'POST', path: at`/groups/${group}/offsets`, body }
    : undefined;
  return (
    <PlanDrawer
      title={`Reset offsets of ${group}`}
      change={change}
      verb={(plan) => (plan ? `Apply to ${plan.partitions} ${plural(plan.partitions, 'partition')}` : 'Apply')}
      onClose={onClose}
    >
      {(wrong) => (
        <div class="form">
          <Pick label="Where to" value={to} choices={targets} onPick={setTo} />
          {to === 'time' && <TimeInput value={time} onInput={setTime} />}
          {to === 'offset' && (
            <Input
              label="Offset"
              value={offset}
              onInput={setOffset}
              wrong={wrong('/offset')}
              width={200}
              number
              focus
            />
          )}
          {to === 'shift' && (
            <Input
              label="Records"
              value={shift}
              onInput={setShift}
              wrong={wrong('/shift')}
              hint="-100 goes back by a hundred records, and reads them again"
              width={200}
              number
              focus
            />
          )}
          <div class="row">
            <Input
              label="Topic"
              value={only}
              onInput={setOnly}
              hint="empty: all with committed offsets"
              wrong={wrong('/topics')}
              width={280}
              mono
            />
            <PartitionsInput value={some} onInput={setSome} wrong={wrong('/partitions')} width={180} />
          </div>
        </div>
      )}
    </PlanDrawer>
  );
}

export function ForgetTopic({ group, topic, onClose }: { group: string; topic: string; onClose: () => void }) {
  const [name, setName] = useState(topic);
  const asked = name.trim();
  return (
    <PlanDrawer
      title={`Delete offsets of ${group}`}
      change={asked ? { method: 'DELETE', path: address(at`/groups/${group}/offsets`, { topic: asked }) } : undefined}
      verb={() => `Delete offsets${asked ? ` in ${asked}` : ''}`}
      onClose={onClose}
    >
      {() => (
        <div class="form">
          <Input label="Topic" value={name} onInput={setName} width={280} mono focus />
        </div>
      )}
    </PlanDrawer>
  );
}

export function DeleteGroup({ group, onClose }: { group: string; onClose: () => void }) {
  return (
    <PlanDrawer
      title={`Delete the group ${group}`}
      change={{ method: 'DELETE', path: at`/groups/${group}` }}
      verb={() => `Delete ${group}`}
      onClose={onClose}
      onDone={() => go(href('groups'))}
    />
  );
}

// The drawer that the address says.
export function GroupAct({ place, onClose }: { place: Place<'group'>; onClose: () => void }) {
  const { group } = place.path;
  const { act, topic } = place.query;
  if (act === 'reset') return <ResetOffsets group={group} topic={topic} onClose={onClose} />;
  if (act === 'forget') return <ForgetTopic group={group} topic={topic} onClose={onClose} />;
  if (act === 'delete') return <DeleteGroup group={group} onClose={onClose} />;
  return null;
}

// One group: is it behind, by how much, and who in it.
import { at } from '../../api/client';
import { useAnswer } from '../../api/live';
import type { Configuration, GroupDetail } from '../../api/types.gen';
import { Icon } from '../../icons';
import { href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { Name } from '../../ui/name';
import { Num } from '../../ui/number';
import { Failure, Waiting, NotRefreshed } from '../../ui/state';
import { Tabs } from '../../ui/tabs';
import { plural } from '../../ui/text';
import { GroupAct } from '../changes/group_changes';
import { ConfigurationTab } from '../shared/configuration';
import { GroupStateTag } from '../shared/words';
import { LagFigures } from './figures';
import { LagHistory } from './history';
import { MembersTab } from './members';
import { GroupPartitions } from './partitions';
import { MemberShares } from './shares';

export default function GroupScreen({ place }: { place: Place<'group'> }) {
  const { group: name, tab } = place.path;
  const group = useAnswer<GroupDetail>(at`/groups/${name}`);
  if (!group.data && group.trouble) return <Failure trouble={group.trouble} retry={group.reload} />;
  const to = (key: typeof tab) => href('group', { group: name, tab: key });
  return (
    <>
      <div class="head">
        <h1>
          <Name text={name} />
        </h1>
        {group.data && <About group={group.data} />}
        {mayChange() && <Acts place={place} />}
      </div>
      <NotRefreshed of={group} />
      <Tabs
        label="Of this group"
        now={tab}
        tabs={[
          { key: 'lag', label: 'Lag', href: to('lag') },
          { key: 'members', label: 'Members', href: to('members'), count: group.data?.members.length },
          { key: 'configuration', label: 'Configuration', href: to('configuration') },
        ]}
      />
      {tab === 'configuration' ? (
        <GroupConfiguration place={place} />
      ) : group.data ? (
        <Body group={group.data} seenAt={group.at ?? 0} place={place} />
      ) : (
        <Waiting />
      )}
      <GroupAct place={place} onClose={() => see(place, { act: '' })} />
    </>
  );
}

function Acts({ place }: { place: Place<'group'> }) {
  const to = (act: Place<'group'>['query']['act']) => href('group', place.path, { ...place.query, act });
  return (
    <div class="acts">
      <a class="btn" href={to('reset')}>
        <Icon name="again" size={14} />
        Reset offsets
      </a>
      <a class="btn" href={to('forget')}>
        Delete offsets
      </a>
      <a class="btn" href={to('delete')}>
        Delete
      </a>
    </div>
  );
}

function Body({ group, seenAt, place }: { group: GroupDetail; seenAt: number; place: Place<'group'> }) {
  if (place.path.tab === 'members') return <MembersTab group={group} place={place} />;
  return (
    <>
      <LagFigures group={group} seenAt={seenAt} />
      <div class={group.members.length > 0 ? 'pair' : ''}>
        <LagHistory group={group.name} />
        {group.members.length > 0 && <MemberShares group={group} />}
      </div>
      <div class="alone">
        <GroupPartitions group={group} place={place} />
      </div>
    </>
  );
}

function About({ group }: { group: GroupDetail }) {
  const { type, assignor, members, partitions, coordinator } = group;
  return (
    <>
      <GroupStateTag state={group.state} />
      <span class="tag">{type} protocol</span>
      {assignor && (
        <span class="tag">
          <Name text={assignor} /> assignor
        </span>
      )}
      <span class="about">
        <Num value={members.length} /> {plural(members.length, 'member')}, <Num value={partitions} />{' '}
        {plural(partitions, 'partition')}, coordinator broker {coordinator}
      </span>
    </>
  );
}

function GroupConfiguration({ place }: { place: Place<'group'> }) {
  const config = useAnswer<Configuration>(at`/groups/${place.path.group}/config`);
  return (
    <ConfigurationTab
      place={place}
      answer={config}
      path={at`/groups/${place.path.group}/config`}
      command={(option, value) =>
        `kafka-configs --bootstrap-server ${location.hostname}:9092 --entity-type groups --entity-name ${place.path.group} --alter --add-config ${option}=${value}`
      }
    />
  );
}

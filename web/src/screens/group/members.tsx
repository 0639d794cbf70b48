// Who is in the group, what each reads, and whose share of the lag is whose.
import type { GroupDetail, GroupMember, TopicPartition } from '../../api/types.gen';
import { Icon } from '../../icons';
import { see, type Place } from '../../router';
import { Bar } from '../../ui/bar';
import { Name } from '../../ui/name';
import { Num, Unit, Unknown } from '../../ui/number';
import { sorted } from '../../ui/order';
import { Panel } from '../../ui/panel';
import { Empty } from '../../ui/state';
import { plural } from '../../ui/text';
import { ScrollTable, type Column } from '../../ui/table';

const SHOWN = 8;
const MOSTLY = 0.5; // from this share on, one partition is the cause
const PIPS = 6; // colours there are

// Members are told apart by a colour beside their name, in the order in which the server lists them.
export const pipOf = (group: GroupDetail, member: string | undefined): number => group.members.findIndex(({ id }) => id === member) % PIPS;

export const Pip = ({ of }: { of: number }) => <i class="pip" style={of < 0 ? {} : { background: `var(--pip${of})` }} />;

const address = (host: string): string => host.replace(/^\//, '');

export function MemberShares({ group }: { group: GroupDetail }) {
  const shown = sorted(group.members, ({ lag }) => lag, true).slice(0, SHOWN);
  const rest = group.members.length - shown.length;
  return (
    <Panel title="Members" end="share of the lag">
      <ul class="members">
        {shown.map((member) => (
          <Share group={group} member={member} key={member.id} />
        ))}
      </ul>
      {rest > 0 && <p class="more">and {rest} more, each with less of it</p>}
      <Hint group={group} />
    </Panel>
  );
}

function Share({ group, member }: { group: GroupDetail; member: GroupMember }) {
  const all = Number(group.lag ?? 0);
  const share = all > 0 ? Number(member.lag ?? 0) / all : 0;
  const partitions = member.assigned.length;
  return (
    <li>
      <Pip of={pipOf(group, member.id)} />
      <div class="grow">
        <div class="row">
          <b class="clip" title={member.id}>
            <Name text={member.instance ?? member.client} />
          </b>
          <span class="dimmer small clip">
            <Name text={address(member.host)} />
          </span>
          <span class="grow" />
          {member.lag === undefined ? <Unknown why="another broker leads one of its partitions" /> : <Num value={member.lag} />}
        </div>
        <div class="row">
          <Bar share={share} wide />
          <span class="small dim percent">
            {Math.round(share * 100)}
            <Unit>%</Unit>
          </span>
        </div>
        <p class="small dimmer">
          {partitions} {plural(partitions, 'partition')}
        </p>
      </div>
    </li>
  );
}

// One partition with most of the lag is a matter of keys, not of members.
function Hint({ group: { lag, most_behind: worst, partitions } }: { group: GroupDetail }) {
  const share = worst?.lag === undefined || !lag ? 0 : Number(worst.lag) / Number(lag);
  if (!worst || share < MOSTLY || partitions < 2) return null;
  return (
    <div class="note">
      <Icon name="bolt" />
      <p>
        <b>{Math.round(share * 100)} % of the lag is one partition,</b> <Name text={worst.topic} />-{worst.partition}. More members will not help: either its keys are uneven or its reader is slow.
      </p>
    </div>
  );
}

// "orders 0, 1, 2; payments 4"
export function assignedText(assigned: readonly TopicPartition[]): string {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of assigned) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics].map(([topic, partitions]) => `${topic} ${partitions.sort((a, b) => a - b).join(', ')}`).join('; ');
}

const instances: Column<GroupMember> = {
  key: 'instance',
  head: 'Instance',
  width: 150,
  hide: 'wide',
  title: 'group.instance.id',
  cell: ({ instance }) => <span class="dim">{instance === undefined ? '' : <Name text={instance} />}</span>,
};

const columns = (group: GroupDetail): Column<GroupMember>[] => [
  {
    key: 'client',
    head: 'Client',
    sort: 'up',
    width: 200,
    cell: ({ id, client }) => (
      <span class="row">
        <Pip of={pipOf(group, id)} />
        <span class="strong clip">
          <Name text={client} />
        </span>
      </span>
    ),
  },
  ...(group.members.some(({ instance }) => instance !== undefined) ? [instances] : []),
  { key: 'host', head: 'From', sort: 'up', width: 120, hide: 'mid', cell: ({ host }) => <span class="dim"><Name text={address(host)} /></span> },
  { key: 'assigned', head: 'Reads', cell: ({ assigned }) => <span title={assignedText(assigned)}><Name text={assignedText(assigned)} /></span> },
  { key: 'lag', head: 'Lag', unit: 'records', num: true, sort: 'down', width: 130, cell: ({ lag }) => (lag === undefined ? <Unknown why="another broker leads one of its partitions" /> : <Num value={lag} />) },
  { key: 'id', head: 'Id', width: 220, hide: 'wide', cell: ({ id }) => <span class="mono dim"><Name text={id} /></span> },
];

// The server gives all members at once, so they are sorted here.
const orders: Record<string, (member: GroupMember) => string | number | bigint | undefined> = {
  client: ({ client }) => client,
  host: ({ host }) => host,
  lag: ({ lag }) => lag,
};

export function MembersTab({ group, place }: { group: GroupDetail; place: Place<'group'> }) {
  const sort = place.query.sort || 'client';
  const members = sorted(group.members, orders[sort.replace('-', '')] ?? orders['client']!, sort.startsWith('-'));
  return (
    <Panel fill>
      {group.members.length === 0 ? (
        <Empty title="Nobody is in this group">Its committed offsets are kept: a member that joins goes on from them.</Empty>
      ) : (
        <ScrollTable label={`Members of ${group.name}`} columns={columns(group)} total={members.length} row={(index) => members[index]} rowKey={({ id }) => id} sort={sort} onSort={(next) => see(place, { sort: next === 'client' ? '' : next })} />
      )}
    </Panel>
  );
}

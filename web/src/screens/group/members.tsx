// Who is in the group, and what each reads.
import type { GroupDetail, GroupMember, TopicPartition } from '../../api/types.gen';
import { see, type Place } from '../../router';
import { Name } from '../../ui/name';
import { Num, Unknown } from '../../ui/number';
import { sorted } from '../../ui/order';
import { Panel } from '../../ui/panel';
import { Empty } from '../../ui/state';
import { ScrollTable, type Column } from '../../ui/table';
import { address, Pip, pipOf } from './pip';

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
  {
    key: 'host',
    head: 'From',
    sort: 'up',
    width: 120,
    hide: 'mid',
    cell: ({ host }) => (
      <span class="dim">
        <Name text={address(host)} />
      </span>
    ),
  },
  {
    key: 'assigned',
    head: 'Reads',
    cell: ({ assigned }) => (
      <span title={assignedText(assigned)}>
        <Name text={assignedText(assigned)} />
      </span>
    ),
  },
  {
    key: 'lag',
    head: 'Lag',
    unit: 'records',
    num: true,
    sort: 'down',
    width: 130,
    cell: ({ lag }) =>
      lag === undefined ? <Unknown why="the leader of one of its partitions does not answer" /> : <Num value={lag} />,
  },
  {
    key: 'id',
    head: 'Id',
    width: 220,
    hide: 'wide',
    cell: ({ id }) => (
      <span class="mono dim">
        <Name text={id} />
      </span>
    ),
  },
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
        <Empty title="Nobody is in this group">
          Its committed offsets are kept: a member that joins goes on from them.
        </Empty>
      ) : (
        <ScrollTable
          label={`Members of ${group.name}`}
          columns={columns(group)}
          total={members.length}
          row={(index) => members[index]}
          rowKey={({ id }) => id}
          sort={sort}
          onSort={(next) => see(place, { sort: next === 'client' ? '' : next })}
        />
      )}
    </Panel>
  );
}

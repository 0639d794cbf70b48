// What a row of the groups says.
import type { Group } from '../../api/types.gen';
import { href } from '../../router';
import { Name } from '../../ui/name';
import { Duration, Num, Unknown } from '../../ui/number';
import type { Column } from '../../ui/table';
import { GroupStateTag } from '../shared/words';

const figure =
  (value: (group: Group) => number | bigint | undefined, why: string, dim = true) =>
  (group: Group) => {
    const known = value(group);
    if (known === undefined) return <Unknown why={group.problem ?? why} />;
    return (
      <span class={dim ? 'dim' : ''}>
        <Num value={known} />
      </span>
    );
  };

export const columns: Column<Group>[] = [
  {
    key: 'name',
    head: 'Group',
    sort: 'up',
    cell: ({ name, problem }) => (
      <span class="row">
        <a class="name clip" href={href('group', { group: name })}>
          <Name text={name} />
        </a>
        {problem && <span class="tag bad">{problem}</span>}
      </span>
    ),
  },
  {
    key: 'type',
    head: 'Type',
    width: 110,
    sort: 'up',
    hide: 'mid',
    cell: ({ type }) => <span class="dim">{type}</span>,
  },
  { key: 'state', head: 'State', width: 168, sort: 'up', cell: ({ state }) => <GroupStateTag state={state} /> },
  {
    key: 'protocol_type',
    head: 'Protocol',
    width: 116,
    sort: 'up',
    hide: 'wide',
    cell: ({ protocol_type }) => (
      <span class="dim">
        <Protocol name={protocol_type} />
      </span>
    ),
  },
  {
    key: 'members',
    head: 'Members',
    num: true,
    width: 92,
    hide: 'mid',
    cell: figure(({ members }) => members, 'it could not be asked'),
  },
  {
    key: 'topics',
    head: 'Topics',
    num: true,
    width: 82,
    hide: 'wide',
    cell: figure(({ topics }) => topics, 'it could not be asked'),
  },
  {
    key: 'partitions',
    head: 'Partitions',
    num: true,
    width: 96,
    hide: 'mid',
    cell: figure(({ partitions }) => partitions, 'it could not be asked'),
  },
  {
    key: 'lag',
    head: 'Lag',
    unit: 'records',
    num: true,
    width: 150,
    sort: 'down',
    cell: figure(({ lag }) => lag, 'the leader of one of its partitions does not answer', false),
  },
  {
    key: 'oldest_unread_ms',
    head: 'Oldest unread',
    num: true,
    width: 122,
    sort: 'down',
    hide: 'mid',
    cell: ({ oldest_unread_ms: ms }) =>
      ms === undefined ? <Unknown why="its time is not known" /> : Number(ms) === 0 ? '' : <Duration ms={ms} />,
  },
  {
    key: 'coordinator',
    head: 'Coordinator',
    num: true,
    width: 104,
    hide: 'wide',
    cell: ({ coordinator }) => <span class="dim">{coordinator}</span>,
  },
];

const Protocol = ({ name }: { name: string }) =>
  name === '' ? <span title="it only keeps offsets">none</span> : <Name text={name} />;

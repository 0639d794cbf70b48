// Who reads the topic.
import { at } from '../../api/client';
import { usePages } from '../../api/pages';
import type { TopicGroup, TopicGroupPage } from '../../api/types.gen';
import { href, see, type Place } from '../../router';
import { Name } from '../../ui/name';
import { Num, Unknown } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Failure } from '../../ui/state';
import { ScrollTable, type Column } from '../../ui/table';
import { NotAsked } from '../shared/not_asked';
import { GroupStateTag } from '../shared/words';

const columns = (topic: string): Column<TopicGroup>[] => [
  {
    key: 'name',
    head: 'Group',
    sort: 'up',
    cell: ({ name }) => (
      <a class="name clip" href={href('group', { group: name }, { topic })}>
        <Name text={name} />
      </a>
    ),
  },
  { key: 'state', head: 'State', width: 180, sort: 'up', cell: ({ state }) => <GroupStateTag state={state} /> },
  {
    key: 'members',
    head: 'Members',
    num: true,
    width: 110,
    cell: ({ members }) =>
      members === undefined ? (
        <Unknown why="its coordinator does not answer" />
      ) : (
        <span class="dim">
          <Num value={members} />
        </span>
      ),
  },
  {
    key: 'partitions',
    head: 'Partitions',
    num: true,
    width: 130,
    sort: 'down',
    hide: 'mid',
    title: 'of this topic, with committed offsets',
    cell: ({ partitions }) => (
      <span class="dim">
        <Num value={partitions} />
      </span>
    ),
  },
  {
    key: 'lag',
    head: 'Lag',
    unit: 'records',
    num: true,
    width: 160,
    sort: 'down',
    cell: ({ lag }) =>
      lag === undefined ? <Unknown why="the leader of one of the partitions does not answer" /> : <Num value={lag} />,
  },
];

export function TopicGroups({ place }: { place: Place<'topic'> }) {
  const { topic } = place.path;
  const { sort } = place.query;
  const groups = usePages<TopicGroup, TopicGroupPage>(at`/topics/${topic}/groups`, { sort });
  if (groups.trouble && groups.total === undefined) return <Failure trouble={groups.trouble} retry={groups.reload} />;
  const missing = <NotAsked brokers={groups.head?.not_asked ?? []} />;
  if (groups.total === 0) {
    return (
      <>
        {missing}
        <Panel fill>
          <Empty
            title="No group reads this topic"
            command={`kafka-console-consumer --bootstrap-server ${location.hostname}:9092 --topic ${topic} --group my-group --from-beginning`}
          >
            A group is here once it has committed an offset in the topic. Programs that read without a group are not seen.
          </Empty>
        </Panel>
      </>
    );
  }
  return (
    <>
      {missing}
      <Panel fill>
        <ScrollTable
          label={`Groups that read ${topic}`}
          columns={columns(topic)}
          total={groups.total}
          row={groups.row}
          rowKey={({ name }) => name}
          sort={sort || 'name'}
          onSort={(next) => see(place, { sort: next === 'name' ? '' : next, at: 0 })}
          want={groups.want}
          at={place.query.at}
          onAt={(index) => see(place, { at: index }, { replace: true })}
          old={groups.old}
        />
      </Panel>
    </>
  );
}

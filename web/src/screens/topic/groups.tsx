// Who reads the topic.
import { at } from '../../api/client';
import { usePages } from '../../api/pages';
import type { TopicGroup } from '../../api/types.gen';
import { href, see, type Place } from '../../router';
import { Name } from '../../ui/name';
import { Num, Unknown } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Failure } from '../../ui/state';
import { ScrollTable, type Column } from '../../ui/table';
import { GroupStateTag } from '../shared/words';

const columns = (topic: string): Column<TopicGroup>[] => [
  {
    key: 'name',
    head: 'Group',
    cell: ({ name }) => (
      <a class="name clip" href={href('group', { group: name }, { topic })}>
        <Name text={name} />
      </a>
    ),
  },
  { key: 'state', head: 'State', width: 180, cell: ({ state }) => <GroupStateTag state={state} /> },
  {
    key: 'members',
    head: 'Members',
    num: true,
    width: 110,
    cell: ({ members }) => (
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
    cell: ({ lag }) =>
      lag === undefined ? <Unknown why="the leader of one of the partitions does not answer" /> : <Num value={lag} />,
  },
];

export function TopicGroups({ place }: { place: Place<'topic'> }) {
  const { topic } = place.path;
  const groups = usePages<TopicGroup>(at`/topics/${topic}/groups`, {});
  if (groups.trouble && groups.total === undefined) return <Failure trouble={groups.trouble} retry={groups.reload} />;
  if (groups.total === 0) {
    return (
      <Panel fill>
        <Empty
          title="No group reads this topic"
          command={`kafka-console-consumer --bootstrap-server ${location.hostname}:9092 --topic ${topic} --group my-group --from-beginning`}
        >
          A group is here once it has committed an offset in the topic. Programs that read without a group are not seen,
          and groups that other brokers coordinate are on their consoles.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel fill>
      <ScrollTable
        label={`Groups that read ${topic}`}
        columns={columns(topic)}
        total={groups.total}
        row={groups.row}
        rowKey={({ name }) => name}
        want={groups.want}
        at={place.query.at}
        onAt={(index) => see(place, { at: index }, { replace: true })}
        old={groups.old}
      />
    </Panel>
  );
}

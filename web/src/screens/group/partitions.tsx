// What the group reads, the partition that is furthest behind first.
import { at } from '../../api/client';
import { usePages } from '../../api/pages';
import type { GroupDetail, GroupPartition } from '../../api/types.gen';
import { Icon } from '../../icons';
import { href, see, type Place } from '../../router';
import { Bar } from '../../ui/bar';
import { Name } from '../../ui/name';
import { Duration, Num, Unknown } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Failure } from '../../ui/state';
import { plural } from '../../ui/text';
import { ScrollTable, type Column } from '../../ui/table';
import { Pip, pipOf } from './pip';

const FURTHEST_FIRST = '-lag';
const ELSEWHERE = 'its leader does not answer';

const columns = (group: GroupDetail): Column<GroupPartition>[] => [
  {
    key: 'topic',
    head: 'Topic',
    sort: 'up',
    cell: ({ topic, gone }) => (
      <span class="row">
        <a class="name clip" href={href('topic', { topic })}>
          <Name text={topic} />
        </a>
        {gone && <span class="tag bad">gone</span>}
      </span>
    ),
  },
  { key: 'partition', head: 'Partition', num: true, width: 88, sort: 'up', cell: ({ partition }) => partition },
  {
    key: 'member',
    head: 'Read by',
    width: 170,
    sort: 'up',
    hide: 'mid',
    cell: ({ member, client }) =>
      member === undefined ? (
        <span class="dimmer">nobody</span>
      ) : (
        <span class="row">
          <Pip of={pipOf(group, member)} />
          <span class="clip">
            <Name text={client ?? member} />
          </span>
        </span>
      ),
  },
  {
    key: 'committed',
    head: 'Committed',
    num: true,
    width: 116,
    hide: 'mid',
    cell: ({ committed, metadata }) =>
      committed === undefined ? (
        <Unknown why="nothing was committed" />
      ) : (
        <span title={metadata}>
          <Num value={committed} />
        </span>
      ),
  },
  {
    key: 'end',
    head: 'End',
    num: true,
    width: 116,
    hide: 'wide',
    cell: ({ end }) => (end === undefined ? <Unknown why={ELSEWHERE} /> : <Num value={end} />),
  },
  {
    key: 'lag',
    head: 'Lag',
    num: true,
    width: 190,
    sort: 'down',
    cell: (partition) => <Lag partition={partition} most={group.most_behind?.lag} />,
  },
  {
    key: 'age',
    head: 'Oldest unread',
    num: true,
    width: 116,
    hide: 'mid',
    cell: ({ oldest_unread_ms: ms }) =>
      ms === undefined ? <Unknown why="its time is not known" /> : Number(ms) === 0 ? '' : <Duration ms={ms} />,
  },
];

function Lag({ partition: { lag, gone }, most }: { partition: GroupPartition; most: number | bigint | undefined }) {
  if (gone) return <Unknown why="there is no such partition any more" />;
  if (lag === undefined) return <Unknown why={ELSEWHERE} />;
  const share = most ? Number(lag) / Number(most) : 0;
  return (
    <span class="barred">
      <Bar share={share} tone={share > 0.5 && Number(lag) > 0 ? 'warn' : ''} fromEnd />
      <Num value={lag} />
    </span>
  );
}

// Whether this one partition has most of the group's lag.
const mostOf = (group: GroupDetail, lag: number | bigint | undefined): boolean =>
  Number(lag ?? 0) * 2 > Number(group.lag ?? 0) && group.partitions > 1;

export function GroupPartitions({ group, place }: { group: GroupDetail; place: Place<'group'> }) {
  const { topic, sort, at: first } = place.query;
  const order = sort || FURTHEST_FIRST;
  const partitions = usePages<GroupPartition>(at`/groups/${group.name}/partitions`, { topic, sort: order });
  if (partitions.trouble && partitions.total === undefined)
    return <Failure trouble={partitions.trouble} retry={partitions.reload} />;
  return (
    <Panel
      title="Partitions"
      fill
      count={
        partitions.total !== undefined && (
          <span class="dim small">
            {partitions.total}{' '}
            {topic ? (
              <>
                of <Name text={topic} />
              </>
            ) : (
              `in ${group.topics} ${plural(group.topics, 'topic')}`
            )}
          </span>
        )
      }
      end={
        topic && (
          <a class="link row" href={href('group', { group: group.name }, { sort })}>
            <Icon name="close" size={12} />
            All topics
          </a>
        )
      }
    >
      {partitions.total === 0 ? (
        <Empty title="It reads nothing">
          {topic ? 'It has no committed offsets in this topic.' : 'It has committed no offsets, and none are assigned.'}
        </Empty>
      ) : (
        <ScrollTable
          label={`Partitions that ${group.name} reads`}
          columns={columns(group)}
          total={partitions.total}
          row={partitions.row}
          rowKey={({ topic: of, partition }) => `${of}-${partition}`}
          rowClass={({ lag }) => (mostOf(group, lag) ? 'hot' : '')}
          sort={order}
          order={topic}
          onSort={(next) => see(place, { sort: next === FURTHEST_FIRST ? '' : next, at: 0 })}
          want={partitions.want}
          at={first}
          onAt={(index) => see(place, { at: index }, { replace: true })}
          old={partitions.old}
        />
      )}
    </Panel>
  );
}

// Topics in which dead letters lie: records that somebody could not handle.
import { useAnswer } from '../../api/live';
import type { DeadLetterTopic, DeadLetterTopics } from '../../api/types.gen';
import { href } from '../../router';
import { Name } from '../../ui/name';
import { Num, Unknown } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Loaded } from '../../ui/state';
import { Table, type Column } from '../../ui/table';

const columns: Column<DeadLetterTopic>[] = [
  {
    key: 'name',
    head: 'Topic',
    cell: ({ name }) => (
      <a class="name" href={href('queue', { queue: name })}>
        <Name text={name} />
      </a>
    ),
  },
  {
    key: 'records',
    head: 'Letters',
    num: true,
    width: 160,
    cell: ({ records }) =>
      records === undefined ? <Unknown why="the leader of one of its partitions does not answer" /> : <Num value={records} />,
  },
  {
    key: 'partitions',
    head: 'Partitions',
    num: true,
    width: 120,
    cell: ({ partitions }) => <span class="dim">{partitions}</span>,
  },
];

export default function DeadLetters() {
  const answer = useAnswer<DeadLetterTopics>('/dead-letters');
  return (
    <>
      <div class="head">
        <h1>Dead letters</h1>
        <span class="about">topics called like dlq.*, *.dlq, *-dlq, *.DLT, *-dlt or *.dead*</span>
      </div>
      <Panel>
        <Loaded of={answer}>
          {({ items, total }) =>
            items.length === 0 ? (
              <Empty title="There are no topics of dead letters">
                Consumers of the toolkit write what they cannot handle to dlq. and the topic’s name; Kafka Streams, Kafka
                Connect, Spring Kafka and share groups to topics that they are told.
              </Empty>
            ) : (
              <>
                <Table label="Topics of dead letters" columns={columns} rows={items} rowKey={({ name }) => name} />
                {total > items.length && (
                  <p class="more">
                    and <Num value={total - items.length} /> more
                  </p>
                )}
              </>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

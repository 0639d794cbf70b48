// Why the letters of a topic died, the most frequent cause first, and where each lies.
import { at } from '../../api/client';
import { useOnce } from '../../api/once';
import type { LetterCause, LetterCauses, LetterFamily } from '../../api/types.gen';
import { Icon } from '../../icons';
import { href, type Place } from '../../router';
import { Copy } from '../../ui/copy';
import { Hidden, Name } from '../../ui/name';
import { Num } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Loaded } from '../../ui/state';
import { Table, type Column } from '../../ui/table';
import { plural } from '../../ui/text';
import { Time } from '../../ui/time';
import { replayCommand } from './replay';

const families: Record<LetterFamily, string> = {
  toolkit: 'toolkit',
  share_group: 'share group',
  streams: 'Kafka Streams',
  connect: 'Kafka Connect',
  spring: 'Spring Kafka',
};

const columns = (queue: string): Column<LetterCause>[] => [
  { key: 'count', head: 'Letters', num: true, width: 80, cell: ({ count }) => <Num value={count} /> },
  {
    key: 'cause',
    head: 'Cause',
    cell: ({ error, message }) => (
      <>
        <span class="strong">{error === undefined ? <span class="dimmer">no error is named</span> : <Name text={error} />}</span>
        {message !== undefined && (
          <p class="small dim why">
            <Hidden text={message} />
          </p>
        )}
      </>
    ),
  },
  {
    key: 'origin',
    head: 'From',
    cell: ({ origin, group }) =>
      origin === undefined ? (
        <span class="dimmer">not said</span>
      ) : (
        <>
          <a class="link" href={href('topic', { topic: origin })}>
            <Name text={origin} />
          </a>
          {group !== undefined && (
            <p class="small dimmer why">
              <Name text={group} />
            </p>
          )}
        </>
      ),
  },
  {
    key: 'family',
    head: 'Written by',
    width: 120,
    hide: 'mid',
    cell: ({ family }) => <span class="dim">{family ? families[family] : 'somebody unknown'}</span>,
  },
  { key: 'first', head: 'First', width: 164, hide: 'wide', cell: ({ first_at: ms }) => <Time ms={ms} /> },
  {
    key: 'last',
    head: 'Last',
    width: 164,
    cell: ({ last_at: ms, partition, offset }) => (
      <a class="name" href={recordHref(queue, partition, offset)} title={`Partition ${partition}, offset ${offset}`}>
        <Time ms={ms} />
      </a>
    ),
  },
  {
    key: 'replay',
    head: '',
    width: 44,
    cell: (cause) => <Copy text={replayCommand(queue, cause)} what="the command that replays them" />,
  },
];

// The letter with its headers, among those beside it.
const recordHref = (topic: string, partition: number, offset: LetterCause['offset']): string =>
  href(
    'topic',
    { topic },
    { from: 'offset', start: String(offset), partitions: String(partition), record: `${partition}:${offset}`, part: 'headers' },
  );

const keyOf = ({ partition, offset }: LetterCause): string => `${partition}:${offset}`;

export default function Queue({ place }: { place: Place<'queue'> }) {
  const { queue } = place.path;
  const answer = useOnce<LetterCauses>(at`/dead-letters/${queue}/causes`);
  return (
    <>
      <div class="head">
        <h1>
          <Name text={queue} />
        </h1>
        {answer.data && <About causes={answer.data} />}
        <div class="acts">
          <button class="btn" onClick={answer.reload}>
            <Icon name="again" size={14} />
            Look again
          </button>
          <a class="btn" href={href('topic', { topic: queue })}>
            Messages
          </a>
        </div>
      </div>
      {answer.data?.problem !== undefined && (
        <p class="note">
          <Icon name="warn" size={14} />
          <span>Some could not be read: {answer.data.problem}</span>
        </p>
      )}
      <Panel>
        <Loaded of={answer} lines={6}>
          {({ items, others }) =>
            items.length === 0 ? (
              <Empty title="No letter lies here" command={`thalweg dlq show ${queue}`}>
                What was replayed stays until retention removes it, so there was none, or it is gone.
              </Empty>
            ) : (
              <>
                <Table label="Causes" columns={columns(queue)} rows={items} rowKey={keyOf} />
                {others > 0 && (
                  <p class="more">
                    and <Num value={others} /> {plural(others, 'letter')} of other causes
                  </p>
                )}
              </>
            )
          }
        </Loaded>
      </Panel>
      <Replay queue={queue} />
    </>
  );
}

function About({ causes: { looked_at: looked, complete } }: { causes: LetterCauses }) {
  return (
    <span class="about">
      {complete ? '' : 'the newest '}
      <Num value={looked} /> {plural(looked, 'letter')}
    </span>
  );
}

const Replay = ({ queue }: { queue: string }) => (
  <Panel title="Send them back">
    <div class="prose">
      <p>From a shell, to where they come from; the button of a cause copies the command for those alone. It shows what it would do: without --dry-run it is done.</p>
      <div class="cmd">
        <code class="mono" tabIndex={0}>
          {replayCommand(queue)}
        </code>
        <Copy text={replayCommand(queue)} what="the command" />
      </div>
    </div>
  </Panel>
);

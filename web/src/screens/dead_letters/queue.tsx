// Why the letters of a topic died, the most frequent cause first, the letters themselves, and their way back.
import { useState } from 'preact/hooks';
import { at } from '../../api/client';
import { useOnce } from '../../api/once';
import type { LetterCause, LetterCauses, LetterFamily } from '../../api/types.gen';
import { Icon } from '../../icons';
import { href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { Copy } from '../../ui/copy';
import { Hidden, Name } from '../../ui/name';
import { Num } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Loaded } from '../../ui/state';
import { Table, type Column } from '../../ui/table';
import { plural } from '../../ui/text';
import { Time } from '../../ui/time';
import { Letters } from './letters';
import { recordHref } from './record_href';
import { replayCommand } from './replay';
import { ReplayDrawer } from './replay_drawer';

const families: Record<LetterFamily, string> = {
  toolkit: 'toolkit',
  share_group: 'share group',
  streams: 'Kafka Streams',
  connect: 'Kafka Connect',
  spring: 'Spring Kafka',
};

interface Acts {
  open: string; // the cause whose letters are shown
  onOpen: (cause: string) => void;
  onSend: (cause: string) => void;
}

const columns = (queue: string, { open, onOpen, onSend }: Acts): Column<LetterCause>[] => [
  { key: 'count', head: 'Letters', num: true, width: 80, cell: ({ count }) => <Num value={count} /> },
  {
    key: 'cause',
    head: 'Cause',
    cell: ({ id, error, message }) => (
      <>
        <button class="name" aria-pressed={id === open} onClick={() => onOpen(id === open ? '' : id)} title="Its letters, below">
          {error === undefined ? <span class="dimmer">no error is named</span> : <Name text={error} />}
        </button>
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
  ...(mayChange()
    ? [
        {
          key: 'replay',
          head: '',
          width: 104,
          cell: ({ id }: LetterCause) => (
            <button class="btn small" onClick={() => onSend(id)}>
              Send back
            </button>
          ),
        },
      ]
    : []),
];

const keyOf = ({ id }: LetterCause): string => id;

export default function Queue({ place }: { place: Place<'queue'> }) {
  const { queue } = place.path;
  const { cause, chosen, act } = place.query;
  const [turn, again] = useState(0);
  const answer = useOnce<LetterCauses>(at`/dead-letters/${queue}/causes`);
  const look = () => {
    answer.reload();
    again((n) => n + 1);
  };
  const send = (some: string) => see(place, { cause: some, chosen: '', act: 'replay' });
  return (
    <>
      <div class="head">
        <h1>
          <Name text={queue} />
        </h1>
        {answer.data && <About causes={answer.data} />}
        <div class="acts">
          <button class="btn" onClick={look}>
            <Icon name="again" size={14} />
            Look again
          </button>
          {mayChange() && (
            <button class="btn" onClick={() => send('')}>
              Send all back
            </button>
          )}
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
                <Table
                  label="Causes"
                  columns={columns(queue, { open: cause, onOpen: (id) => see(place, { cause: id, chosen: '' }), onSend: send })}
                  rows={items}
                  rowKey={keyOf}
                  rowClass={({ id }) => (id === cause ? 'picked' : '')}
                />
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
      <Letters
        key={`${cause}|${turn}`}
        queue={queue}
        cause={cause}
        chosen={chosen}
        onChoose={(some) => see(place, { chosen: some }, { replace: true })}
        onSend={() => see(place, { act: 'replay' })}
        onAll={() => see(place, { cause: '', chosen: '' })}
      />
      <FromAShell queue={queue} />
      {act === 'replay' && (
        <ReplayDrawer
          queue={queue}
          cause={cause}
          chosen={chosen}
          onClose={() => see(place, { act: '' })}
          onDone={() => {
            see(place, { act: '', chosen: '' });
            look();
          }}
        />
      )}
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

const FromAShell = ({ queue }: { queue: string }) => (
  <Panel title="From a shell">
    <div class="prose">
      <p>Sends them back as this page does, and goes on where it stopped. It shows what it would do: without --dry-run it is done.</p>
      <div class="cmd">
        <code class="mono" tabIndex={0}>
          {replayCommand(queue)}
        </code>
        <Copy text={replayCommand(queue)} what="the command" />
      </div>
    </div>
  </Panel>
);

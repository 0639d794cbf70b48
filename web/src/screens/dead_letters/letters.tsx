// The letters themselves: what died, why, where it comes from, and which are chosen to go back.
import { useState } from 'preact/hooks';
import { address, at } from '../../api/client';
import { useOnce } from '../../api/once';
import type { Letter, LetterPage } from '../../api/types.gen';
import { mayChange } from '../../session';
import { href } from '../../router';
import { Hidden, Name } from '../../ui/name';
import { Num } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Loaded } from '../../ui/state';
import { Table, type Column } from '../../ui/table';
import { plural } from '../../ui/text';
import { Time } from '../../ui/time';
import { Preview } from '../topic/messages/columns';
import { placeOf, placesIn, toggled } from './chosen';
import { recordHref } from './record_href';

interface LettersProps {
  queue: string;
  cause: string;
  chosen: string;
  onChoose: (chosen: string) => void;
  onSend: () => void;
  onAll: () => void; // of whatever cause
}

const FIRST = 50;
const MOST = 500;

export function Letters({ queue, cause, chosen, onChoose, onSend, onAll }: LettersProps) {
  const [limit, show] = useState(FIRST);
  const answer = useOnce<LetterPage>(address(at`/dead-letters/${queue}/letters`, { cause, limit }));
  const total = answer.data?.total ?? 0;
  const many = placesIn(chosen).length;
  return (
    <Panel
      title={cause ? 'Letters of this cause' : 'Letters'}
      count={answer.data && <span class="dimmer">{<Num value={total} />}</span>}
      end={
        <span class="row">
          {cause && (
            <button class="btn quiet" onClick={onAll}>
              Show all causes
            </button>
          )}
          {mayChange() && (
            <button class="btn" disabled={many === 0} onClick={onSend}>
              {many === 0 ? 'Send chosen back' : `Send ${many} back`}
            </button>
          )}
        </span>
      }
      busy={!answer.data && !answer.trouble}
    >
      <Loaded of={answer} lines={6}>
        {({ items, problem }) =>
          items.length === 0 ? (
            <Empty title="No such letter lies here">It may have been of a cause that is gone, or older than the newest 2,000.</Empty>
          ) : (
            <>
              {problem !== undefined && <p class="more">Some could not be read: {problem}</p>}
              <Table
                label="Letters"
                columns={columns({ queue, cause, chosen, items, onChoose })}
                rows={items}
                rowKey={placeOf}
                rowClass={(letter) => (placesIn(chosen).includes(placeOf(letter)) ? 'picked' : '')}
              />
              {total > items.length && (
                <p class="more">
                  {limit < MOST ? (
                    <button class="btn quiet" onClick={() => show(Math.min(MOST, limit * 4))}>
                      Show more
                    </button>
                  ) : (
                    <>
                      and <Num value={total - items.length} /> older {plural(total - items.length, 'letter')}
                    </>
                  )}
                </p>
              )}
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

interface Wanted {
  queue: string;
  cause: string;
  chosen: string;
  items: Letter[];
  onChoose: (chosen: string) => void;
}

const columns = ({ queue, cause, chosen, items, onChoose }: Wanted): Column<Letter>[] => [
  ...(mayChange() ? [choice(chosen, items, onChoose)] : []),
  {
    key: 'time',
    head: 'Time',
    width: 164,
    cell: ({ timestamp, partition, offset }) => (
      <a class="name" href={recordHref(queue, partition, offset)} title={`Partition ${partition}, offset ${offset}`}>
        <Time ms={timestamp} />
      </a>
    ),
  },
  { key: 'key', head: 'Key', width: 150, cell: ({ key }) => <div class="narrow"><Preview payload={key} none="no key" /></div> },
  { key: 'value', head: 'Value', cell: ({ value }) => <div class="narrow"><Preview payload={value} none="no value" /></div> },
  ...(cause ? [] : [why]),
  { key: 'from', head: 'From', width: 190, hide: 'mid', cell: (letter) => <Origin letter={letter} /> },
  {
    key: 'state',
    head: 'State',
    width: 104,
    cell: ({ sent_before: sent, stays }) =>
      sent ? (
        <span class="tag ok">sent back</span>
      ) : stays === undefined ? (
        <span class="dimmer">waits</span>
      ) : (
        <span class="tag warn" title={`It ${stays}.`}>
          cannot go
        </span>
      ),
  },
];

const choice = (chosen: string, items: Letter[], onChoose: Wanted['onChoose']): Column<Letter> => ({
  key: 'choose',
  head: '',
  width: 36,
  cell: (letter) => (
    <input
      type="checkbox"
      aria-label={`Choose the letter of partition ${letter.partition}, offset ${letter.offset}`}
      checked={placesIn(chosen).includes(placeOf(letter))}
      onClick={(event) => {
        const places = event.shiftKey ? items.map(placeOf) : [placeOf(letter)];
        onChoose(toggled(chosen, places, event.currentTarget.checked));
      }}
    />
  ),
});

const why: Column<Letter> = {
  key: 'why',
  head: 'Cause',
  width: 260,
  hide: 'wide',
  cell: ({ error, message }) => (
    <span class="clip narrow" title={[error, message].filter(Boolean).join(': ')}>
      {error === undefined ? <span class="dimmer">no error is named</span> : <Name text={error} />}
      {message !== undefined && (
        <span class="dim">
          {' '}
          <Hidden text={message} />
        </span>
      )}
    </span>
  ),
};

// The record that died, among those beside it, where the letter says where that is.
function Origin({ letter: { origin, origin_partition: partition, origin_offset: offset } }: { letter: Letter }) {
  if (origin === undefined) return <span class="dimmer">not said</span>;
  const to =
    partition === undefined || offset === undefined
      ? href('topic', { topic: origin })
      : recordHref(origin, partition, offset, 'value');
  return (
    <a class="link" href={to}>
      <Name text={origin} />
      {partition !== undefined && offset !== undefined && (
        <span class="dimmer">
          {' '}
          {partition}@{String(offset)}
        </span>
      )}
    </a>
  );
}

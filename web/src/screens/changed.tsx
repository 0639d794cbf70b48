// What has changed lately, and who changed it where that is known.
import { useAnswer } from '../api/live';
import type { Change, ChangeList } from '../api/types.gen';
import { href } from '../router';
import { Hidden, Name } from '../ui/name';
import { Panel } from '../ui/panel';
import { Empty, Loaded } from '../ui/state';
import { Table, type Column } from '../ui/table';
import { sentence } from '../ui/text';
import { Time } from '../ui/time';

const columns: Column<Change>[] = [
  {
    key: 'at',
    head: 'Seen',
    width: 164,
    cell: ({ at, after }) => (
      <>
        <Time ms={at} />
        {after !== undefined && (
          <p class="small dimmer">
            after <Time ms={after} />
          </p>
        )}
      </>
    ),
  },
  {
    key: 'sentence',
    head: 'What',
    cell: (change) => (
      <>
        <Where change={change} />
        {change.refused !== undefined && (
          <p class="small bad-ink">
            refused: <Hidden text={change.refused} />
          </p>
        )}
      </>
    ),
  },
  {
    key: 'by',
    head: 'By',
    width: 260,
    hide: 'mid',
    cell: ({ by }) => (by === undefined ? <span class="dimmer">not told</span> : <Name text={by} />),
  },
];

function way({ kind, name, gone }: Change): string | undefined {
  if (gone || !name) return undefined;
  if (kind === 'topic') return href('topic', { topic: name });
  if (kind === 'group') return href('group', { group: name });
  return kind === 'broker' ? href('broker', { broker: name }) : undefined;
}

// With the way to what it is about, while that is there.
function Where({ change }: { change: Change }) {
  const words = <Hidden text={sentence(change.sentence)} />;
  const to = way(change);
  return to ? (
    <a class="name" href={to}>
      {words}
    </a>
  ) : (
    <span class="strong">{words}</span>
  );
}

export default function Changed() {
  const answer = useAnswer<ChangeList>('/changes');
  return (
    <>
      <div class="head">
        <h1>Changes</h1>
        {answer.data && (
          <span class="about">
            known since <Time ms={answer.data.since} />; of what was before, this server knows nothing
          </span>
        )}
      </div>
      <Panel>
        <Loaded of={answer} lines={6}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="Nothing has changed">
                Topics that come, grow or go, options that are set, brokers that come or go, whoever does it, stand here,
                and everything that is done through this console.
              </Empty>
            ) : (
              <Table label="Changes" columns={columns} rows={items} rowKey={({ at, sentence: said }) => `${at} ${said}`} />
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

// The records of a topic: the newest, the oldest, from a time or an offset, or as they come; and one of them in whole.
import { useMemo, useRef } from 'preact/hooks';
import { useRecords, MOST, type Records } from '../../../api/records';
import type { Record as KafkaRecord } from '../../../api/types.gen';
import { useKeys } from '../../../keys';
import { see, type Place } from '../../../router';
import { Num } from '../../../ui/number';
import { Panel } from '../../../ui/panel';
import { Empty, Failure } from '../../../ui/state';
import { ScrollTable } from '../../../ui/table';
import { plural, three } from '../../../ui/text';
import { parametersOf, recordOf, wrongStart } from './asked';
import { columns } from './columns';
import { RecordPane } from './record_pane';
import { Start } from './start';

const keyOf = ({ partition, offset }: KafkaRecord) => `${partition}:${offset}`;

export function Messages({ place, onAgain }: { place: Place<'topic'>; onAgain?: (record: string) => void }) {
  const { query } = place;
  // "-6h" means the same time for as long as this question stands.
  const now = useMemo(() => Date.now(), [query.from, query.start]);
  const wrong = wrongStart(query, now);
  return (
    <>
      <Start place={place} wrong={query.start === '' ? undefined : wrong} />
      {wrong ? (
        <Panel fill>
          <Empty title={query.from === 'time' ? 'From which time?' : 'From which offset?'}>{wrong}.</Empty>
        </Panel>
      ) : (
        <Found key={`${query.from}|${query.start}`} place={place} now={now} onAgain={onAgain} />
      )}
    </>
  );
}

interface FoundProps {
  place: Place<'topic'>;
  now: number;
  onAgain: ((record: string) => void) | undefined;
}

function Found({ place, now, onAgain }: FoundProps) {
  const { query } = place;
  const { topic } = place.path;
  const box = useRef<HTMLDivElement>(null);
  const held = () => box.current?.querySelector('tbody')?.matches(':hover') === true;
  const records = useRecords(topic, parametersOf(query, now), held);
  const open = recordOf(query.record);
  const show = (record: string) => see(place, { record });
  const step = (by: number) => {
    const at = records.rows.findIndex((row) => keyOf(row) === query.record);
    const next = at < 0 ? undefined : records.rows[at + by];
    if (next) see(place, { record: keyOf(next) }, { replace: true });
  };
  return (
    <div class={open ? 'aside' : 'alone'} ref={box}>
      <Panel fill>
        <List place={place} records={records} onOpen={show} />
        <Foot records={records} live={query.from === 'live'} />
      </Panel>
      {open && (
        <RecordPane
          key={query.record}
          place={place}
          topic={topic}
          record={open}
          onClose={() => show('')}
          onStep={step}
          onAgain={onAgain && (() => onAgain(query.record))}
        />
      )}
      <LiveKey place={place} />
    </div>
  );
}

// `l` goes between the newest and live, in place of the pause that it is elsewhere.
function LiveKey({ place }: { place: Place<'topic'> }) {
  useKeys({ l: () => see(place, { from: place.query.from === 'live' ? 'newest' : 'live', start: '' }) });
  return null;
}

function List({ place, records, onOpen }: { place: Place<'topic'>; records: Records; onOpen: (record: string) => void }) {
  const { rows, begun, trouble, more } = records;
  const { record, from } = place.query;
  if (trouble && rows.length === 0) return <Failure trouble={trouble} retry={records.reload} />;
  if (begun && rows.length === 0 && records.problems.length === 0)
    return from === 'live' ? <Waits /> : <Nothing topic={place.path.topic} from={from} />;
  return (
    <ScrollTable
      label={`Records of ${place.path.topic}`}
      columns={columns(onOpen, recordOf(record) !== undefined)}
      total={begun ? rows.length : undefined}
      row={(index) => rows[index]}
      rowKey={keyOf}
      rowClass={(row) => (keyOf(row) === record ? 'picked' : row.state ? 'off' : '')}
      want={(_, last) => {
        if (last >= rows.length) more();
      }}
    />
  );
}

const Waits = () => (
  <Empty title="Waiting for records">What is written from now on is shown here, the newest first.</Empty>
);

function Nothing({ topic, from }: { topic: string; from: string }) {
  const whole = from === 'newest' || from === 'oldest';
  return (
    <Empty
      title={whole ? 'There are no records' : 'There are no records from there on'}
      {...(whole ? { command: `kafka-console-producer --bootstrap-server ${location.hostname}:9092 --topic ${topic}` } : {})}
    >
      {whole
        ? 'Nothing was written to these partitions, or it was removed by retention since.'
        : 'Begin earlier, or at the oldest record.'}
    </Empty>
  );
}

// The last line says why the list ends.
function Foot({ records, live }: { records: Records; live: boolean }) {
  const { rows, problems, trouble, rate } = records;
  return (
    <div class="foot-line small" role={live ? undefined : 'status'}>
      {rows.length > 0 && (
        <span>
          <Num value={rows.length} /> {plural(rows.length, 'record')}
          {live ? <Pace rate={rate} /> : `, ${ending(records)}`}
        </span>
      )}
      {problems.length > 0 && (
        <span class="warn-ink" title={problems.join('\n')}>
          {problems.length} {plural(problems.length, 'partition')} could not be read: {problems[0]}
        </span>
      )}
      {trouble && rows.length > 0 && (
        <span class="bad-ink">
          {trouble.message}
          <button class="btn quiet" onClick={records.reload}>
            Ask again
          </button>
        </span>
      )}
    </div>
  );
}

function ending({ ended, full, loading }: Records): string {
  if (loading) return 'reading on';
  if (full) return `and no more than ${MOST} are kept here: begin at another time or offset`;
  return ended ? 'and no more are there' : 'scroll for more';
}

function Pace({ rate }: { rate: Records['rate'] }) {
  if (!rate || rate.ms <= 0) return <>, live</>;
  return (
    <>
      , live: {three((rate.came * 1000) / rate.ms)}/s.
      {rate.missed > 0 && (
        <>
          {' '}
          <Num value={rate.missed} /> more came than are drawn.
        </>
      )}{' '}
      It holds while the pointer is on a row.
    </>
  );
}

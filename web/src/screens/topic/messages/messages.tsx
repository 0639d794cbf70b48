// The records of a topic: the newest, the oldest, from a time or an offset, or as they come; those that match a filter;
// and one of them in whole.
import { useMemo, useRef, useState } from 'preact/hooks';
import { useFilterCheck } from '../../../api/filter_check';
import { useRecords, MOST, type Records } from '../../../api/records';
import { useKeys } from '../../../keys';
import { see, type Place } from '../../../router';
import { Num } from '../../../ui/number';
import { Panel } from '../../../ui/panel';
import { Empty, Failure, Waiting } from '../../../ui/state';
import { ScrollTable } from '../../../ui/table';
import { plural, sentence, three } from '../../../ui/text';
import { parametersOf, recordOf, wrongEnd, wrongStart } from './asked';
import { ChosenColumns, columns } from './columns';
import { pathsOf, withoutPath } from './paths';
import { Save } from './save';
import { Searched } from './searched';
import { Start } from './start';
import { Where } from './where';
import { keyOf, WithRecord } from './with_record';

export function Messages({ place, onAgain }: { place: Place<'topic'>; onAgain?: (record: string) => void }) {
  const { query } = place;
  const [turn, searchAgain] = useState(0);
  // "-6h" means the same time for as long as this question stands.
  const now = useMemo(() => Date.now(), [query.from, query.start, query.until, turn]);
  const wrong = wrongStart(query, now);
  // What is live is not searched: a filter begins at the newest.
  const search = (where: string) => {
    searchAgain((n) => n + 1);
    see(place, { where, record: '', ...(query.from === 'live' ? { from: 'newest' } : {}) });
  };
  return (
    <>
      <Start
        place={place}
        wrong={query.start === '' ? undefined : wrong}
        wrongEnd={wrongEnd(query.until, now)}
      />
      <Where value={query.where} onSearch={search} />
      <ChosenColumns
        paths={pathsOf(query.columns)}
        onRemove={(path) => see(place, { columns: withoutPath(query.columns, path) })}
      />
      {wrong ? (
        <Panel fill>
          <Empty title={query.from === 'time' ? 'From which time?' : 'From which offset?'}>{wrong}.</Empty>
        </Panel>
      ) : query.where !== '' && query.from !== 'live' ? (
        <Filtered
          key={`${query.from}|${query.start}|${query.where}|${turn}`}
          place={place}
          now={now}
          onAgain={onAgain}
          onRetry={() => searchAgain((n) => n + 1)}
        />
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

// A filter is looked at before it is searched with: a link may have a wrong one.
function Filtered({ onRetry, ...props }: FoundProps & { onRetry: () => void }) {
  const { where, until } = props.place.query;
  const checked = useFilterCheck(where);
  const end = wrongEnd(until, props.now);
  if (checked?.check?.ok && !end) return <Searched {...props} />;
  const mistake = checked?.check?.mistake;
  return (
    <Panel fill busy={!checked && !end}>
      {end ? (
        <Empty title="Until which time?">{end}.</Empty>
      ) : checked?.trouble ? (
        <Failure trouble={checked.trouble} retry={onRetry} />
      ) : mistake ? (
        <Empty title="This filter cannot be used">{sentence(mistake.message)}</Empty>
      ) : (
        <Waiting />
      )}
    </Panel>
  );
}

function Found({ place, now, onAgain }: FoundProps) {
  const { query } = place;
  const box = useRef<HTMLDivElement>(null);
  const held = () => box.current?.querySelector('tbody')?.matches(':hover') === true;
  const records = useRecords(place.path.topic, parametersOf(query, now), held);
  return (
    <WithRecord place={place} rows={records.rows} onAgain={onAgain} box={box}>
      <Panel fill>
        <List place={place} records={records} onOpen={(record) => see(place, { record })} />
        <Foot records={records} live={query.from === 'live'} topic={place.path.topic} />
      </Panel>
      <LiveKey place={place} />
    </WithRecord>
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
      columns={columns({ onOpen, isBeside: recordOf(record) !== undefined, paths: pathsOf(place.query.columns), rows })}
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
function Foot({ records, live, topic }: { records: Records; live: boolean; topic: string }) {
  const { rows, problems, trouble, rate } = records;
  return (
    <div class="foot-line small" role={live ? undefined : 'status'}>
      {rows.length > 0 && (
        <span>
          <Num value={rows.length} /> {plural(rows.length, 'record')}
          {live ? <Pace rate={rate} /> : `, ${ending(records)}`}
        </span>
      )}
      {!live && <Save topic={topic} rows={rows} />}
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

// The records that match a filter, as they are found; and one of them in whole.
import { useMemo } from 'preact/hooks';
import { MOST } from '../../../api/records';
import { useSearch, type Search } from '../../../api/search';
import { useKeys } from '../../../keys';
import { see, type Place } from '../../../router';
import { Num } from '../../../ui/number';
import { Panel } from '../../../ui/panel';
import { Empty, Failure } from '../../../ui/state';
import { ScrollTable } from '../../../ui/table';
import { plural, sentence } from '../../../ui/text';
import { recordOf, searchOf, timeOf } from './asked';
import { columns } from './columns';
import { keyOf, WithRecord } from './with_record';
import { pathsOf } from './paths';
import { Save } from './save';
import { Progress } from './progress';

interface SearchedProps {
  place: Place<'topic'>;
  now: number;
  onAgain: ((record: string) => void) | undefined;
}

export function Searched({ place, now, onAgain }: SearchedProps) {
  const { query, path } = place;
  const newestFirst = query.from === 'newest';
  const search = useSearch(path.topic, searchOf(query, now), newestFirst);
  useKeys({ Escape: search.stop });
  const bounds = useMemo(() => {
    const end = query.until === '' ? undefined : timeOf(query.until, now);
    if (newestFirst) return { since: end };
    return { since: query.from === 'time' ? timeOf(query.start, now) : undefined, until: end };
  }, [query.from, query.start, query.until, now]);
  return (
    <>
      <Progress search={search} newestFirst={newestFirst} bounds={bounds} />
      <WithRecord place={place} rows={search.rows} onAgain={onAgain}>
        <Panel fill>
          <List place={place} search={search} />
          <Foot search={search} topic={path.topic} />
        </Panel>
      </WithRecord>
    </>
  );
}

function List({ place, search }: { place: Place<'topic'>; search: Search }) {
  const { rows, running, why, trouble } = search;
  const { record } = place.query;
  if (trouble && rows.length === 0 && why === 'refused') return <Failure trouble={trouble} retry={search.again} />;
  if (rows.length === 0 && !running && why)
    return <Empty title={why === 'end' ? 'No record matches' : 'No record matches so far'}>{ending(search)}</Empty>;
  return (
    <ScrollTable
      label={`Records of ${place.path.topic} that match`}
      columns={columns({
        onOpen: (opened) => see(place, { record: opened }),
        isBeside: recordOf(record) !== undefined,
        paths: pathsOf(place.query.columns),
        rows,
      })}
      total={rows.length}
      row={(index) => rows[index]}
      rowKey={keyOf}
      rowClass={(row) => (keyOf(row) === record ? 'picked' : '')}
    />
  );
}

// The last line says why the search ended; where there is no row, that stands in their place.
function Foot({ search, topic }: { search: Search; topic: string }) {
  const { rows, running } = search;
  return (
    <div class="foot-line small" role={running ? undefined : 'status'}>
      <span>
        <Num value={rows.length} /> {plural(rows.length, 'match', 'matches')}
        {running ? ' so far' : rows.length > 0 && `. ${ending(search)}`}
      </span>
      {!running && <Save topic={topic} rows={rows} />}
    </div>
  );
}

function ending({ why, full, trouble, partitions }: Search): string {
  const on = 'Continue goes on where it is, and finds nothing twice.';
  if (full) return `No more than ${MOST} are kept here: search from another time.`;
  const failed = partitions.filter(({ problem }) => problem !== undefined).length;
  const words: Record<NonNullable<typeof why>, string> = {
    matches: `There may be more. ${on}`,
    end: 'All that was there when the search began was looked at.',
    problem: `${failed} ${plural(failed, 'partition')} cannot be read now. Continue tries again.`,
    time: `The time of one search is over. ${on}`,
    stopped: 'The server stops. Continue goes on when it is back.',
    stopped_here: `Stopped. ${on}`,
    cut: `${sentence(trouble?.message ?? '')} ${on}`,
    refused: sentence([trouble?.message, trouble?.hint].filter(Boolean).join('. ')),
  };
  return why ? words[why] : '';
}

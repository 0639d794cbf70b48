// How far a search has come: figures, what each partition still has, when the matches were.
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Search } from '../../../api/search';
import { Icon } from '../../../icons';
import { Bytes, Num } from '../../../ui/number';
import { Time } from '../../../ui/time';
import { bytes, plural, span, three } from '../../../ui/text';
import { overTime } from './over_time';

interface ProgressProps {
  search: Search;
  newestFirst: boolean;
  bounds: { since?: number | undefined; until?: number | undefined };
}

export function Progress({ search, newestFirst, bounds }: ProgressProps) {
  const { progress, running, canGoOn, partitions } = search;
  return (
    <section class="panel progress" aria-label="Search">
      <div class="row wrap">
        <span class="matches">
          <b>
            <Num value={progress?.matches ?? 0} />
          </b>{' '}
          {plural(progress?.matches ?? 0, 'match', 'matches')}
        </span>
        {progress && (
          <>
            <span>
              looked at <Num value={progress.records} /> records
            </span>
            <span title={`${progress.offsets} of ${progress.of_offsets} offsets`}>{share(progress)} %</span>
            <Bytes value={progress.bytes} />
            <Pace search={search} />
          </>
        )}
        <Parts parts={partitions} />
        {running && (
          <button class="btn" onClick={search.stop}>
            Stop <kbd>Esc</kbd>
          </button>
        )}
        {canGoOn && (
          <button class="btn" onClick={search.goOn}>
            Continue
          </button>
        )}
      </div>
      <Columns search={search} newestFirst={newestFirst} bounds={bounds} />
      <Gaps search={search} />
    </section>
  );
}

// Never "100" as long as something is left.
function share({ offsets, of_offsets: all }: { offsets: number | bigint; of_offsets: number | bigint }): string {
  if (offsets === all) return '100';
  return three(Math.floor((Number(offsets) / Number(all)) * 1000) / 10);
}

function Pace({ search: { pace } }: { search: Search }) {
  if (pace.ms < 1) return null;
  const { value, unit } = bytes((pace.bytes * 1000) / pace.ms);
  return (
    <>
      <span>
        {value} <span class="u">{unit}/s</span>
      </span>
      <span>{pace.ms < 1000 ? `${Math.round(pace.ms)} ms` : pace.ms < 60_000 ? `${three(pace.ms / 1000)} s` : span(pace.ms)}</span>
    </>
  );
}

const DRAWN = 48; // partitions; of more the figure has to do

function Parts({ parts }: { parts: Search['partitions'] }) {
  if (parts.length === 0) return null;
  const done = parts.filter(({ offsets, of_offsets: all }) => offsets === all).length;
  return (
    <span class="parts" title={`${done} of ${parts.length} partitions are done`}>
      {parts.length <= DRAWN &&
        parts.map(({ partition, offsets, of_offsets: all, problem }) => (
          <i key={partition} class={problem ? 'bad' : ''} aria-hidden="true">
            <b style={{ height: `${all === 0 ? 100 : (Number(offsets) / Number(all)) * 100}%` }} />
          </i>
        ))}{' '}
      {parts.length} {plural(parts.length, 'partition')}
    </span>
  );
}

function Columns({ search: { rows, progress }, newestFirst, bounds }: ProgressProps) {
  const shown = useMemo(() => overTime(rows, progress?.frontier, bounds), [rows, progress?.frontier, bounds]);
  if (!shown) return null;
  const { counts, from, to, edge } = shown;
  const highest = Math.max(...counts, 1);
  return (
    <figure class="over-time">
      <svg viewBox={`0 0 ${counts.length} 40`} preserveAspectRatio="none" role="img" aria-label={`${rows.length} matches over time`}>
        {counts.map((count, index) => {
          const height = count === 0 ? 1 : 3 + (count / highest) * 37;
          return <rect key={index} class={count ? '' : 'none'} x={index + 0.12} width={0.76} y={40 - height} height={height} />;
        })}
        {edge !== undefined && edge > 0 && edge < 1 && <line x1={edge * counts.length} x2={edge * counts.length} y1={0} y2={40} />}
      </svg>
      <figcaption class="small dimmer">
        <Time ms={from} />
        {progress?.frontier !== undefined && (
          <span>
            searched {newestFirst ? 'back ' : ''}to <Time ms={progress.frontier} />
          </span>
        )}
        <Time ms={to} />
      </figcaption>
    </figure>
  );
}

// What the search does not know of: said, so that nobody takes it for nothing there.
function Gaps({ search: { elsewhere, partitions, troubles, progress } }: { search: Search }) {
  const left = new Set(elsewhere);
  const failed = partitions.filter(({ partition, problem }) => problem !== undefined && !left.has(partition));
  const troubled = Number(progress?.troubled ?? 0);
  const unreadable = Number(progress?.unreadable ?? 0);
  return (
    <>
      {elsewhere.length > 0 && (
        <Gap>
          Not searched: {plural(elsewhere.length, 'partition')} {elsewhere.join(', ')}. No broker that has{' '}
          {plural(elsewhere.length, 'it', 'them')} has answered; going on asks again.
        </Gap>
      )}
      {failed.length > 0 && (
        <Gap>
          Not searched to the end: {failed.map(({ partition, problem }) => `partition ${partition} (${problem})`).join(', ')}.
        </Gap>
      )}
      {troubled + unreadable > 0 && (
        <Gap>
          {troubled > 0 && `Of ${troubled} ${plural(troubled, 'record')} nobody knows whether it matches. `}
          {unreadable > 0 && `${unreadable} ${plural(unreadable, 'batch', 'batches')} could not be unpacked. `}
          {troubles.map(({ partition, offset, why }) => `Partition ${partition}, offset ${offset}: ${why}`).join('. ')}
        </Gap>
      )}
    </>
  );
}

const Gap = ({ children }: { children: ComponentChildren }) => (
  <p class="note">
    <Icon name="warn" size={14} />
    <span>{children}</span>
  </p>
);

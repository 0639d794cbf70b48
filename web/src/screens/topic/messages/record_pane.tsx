// One record in whole: where it is, who wrote it, its value, key and headers; to be copied, saved, written again.
import { BASE, address, at } from '../../../api/client';
import { useOnce } from '../../../api/once';
import type { Payload, RecordDetail, RecordHeader } from '../../../api/types.gen';
import { Icon } from '../../../icons';
import { useKeys } from '../../../keys';
import { see, type Place } from '../../../router';
import { Copy, copy } from '../../../ui/copy';
import { Json, Plain, type LineActs } from '../../../ui/json';
import { Hidden, Name } from '../../../ui/name';
import { Bytes, Num } from '../../../ui/number';
import { Loaded } from '../../../ui/state';
import { Time } from '../../../ui/time';
import { formatName } from './asked';
import { conditionOf, equals, withCondition } from './condition';
import { withPath } from './paths';

interface PaneProps {
  place: Place<'topic'>;
  topic: string;
  record: { partition: string; offset: string };
  onClose: () => void;
  onStep: (by: number) => void;
  onAgain: (() => void) | undefined;
}

export function RecordPane({ place, topic, record, onClose, onStep, onAgain }: PaneProps) {
  const { partition, offset } = record;
  const { key, value, part } = place.query;
  const path = at`/topics/${topic}/records/${partition}/${offset}`;
  const answer = useOnce<RecordDetail>(
    address(path, { key: key === 'auto' ? undefined : key, value: value === 'auto' ? undefined : value }),
  );
  useKeys({ Escape: onClose, '[': () => onStep(-1), ']': () => onStep(1) });
  return (
    <section class="panel fill record" aria-label={`Partition ${partition}, offset ${offset}`}>
      <header>
        <h2>
          Partition {partition}, offset <Num value={BigInt(offset)} />
        </h2>
        <span class="end row">
          <button class="btn icon quiet" aria-label="Copy the link" title="Copy the link" onClick={() => void copy(location.href, 'the link')}>
            <Icon name="link" size={14} />
          </button>
          <button class="btn icon quiet" aria-label="Close the record" title="Close" onClick={onClose}>
            <Icon name="close" size={14} />
          </button>
        </span>
      </header>
      <Loaded of={answer}>
        {(detail) => (
          <>
            <Facts detail={detail} />
            <Parts now={part} detail={detail} onChoose={(chosen) => see(place, { part: chosen }, { replace: true })} />
            {part === 'headers' ? (
              <Headers headers={detail.header_list} all={detail.record.headers} />
            ) : (
              <Body payload={detail.record[part]} root={part} acts={lineActs(place)} />
            )}
            {part !== 'headers' && (
              <Acts place={place} payload={detail.record[part]} what={part} path={`${BASE}${path}/${part}`} onAgain={onAgain} />
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

function Facts({ detail: { record, batch } }: { detail: RecordDetail }) {
  return (
    <dl class="facts">
      <dt>Time</dt>
      <dd>
        <Time ms={record.timestamp} millis />{' '}
        <span class="dimmer">{record.timestamp_kind === 'create' ? 'the producer’s' : 'the broker’s'}</span>
      </dd>
      <dt>Key</dt>
      <dd>
        <ReadAsFact payload={record.key} />
      </dd>
      <dt>Value</dt>
      <dd>
        <ReadAsFact payload={record.value} />
      </dd>
      {batch.producer_id !== undefined && (
        <>
          <dt>Producer</dt>
          <dd>
            <Num value={batch.producer_id} />{' '}
            <span class="dimmer">
              epoch {batch.producer_epoch}
              {batch.sequence !== undefined && `, sequence ${batch.sequence}`}
              {batch.transactional && ', in a transaction'}
            </span>
          </dd>
        </>
      )}
      <dt>Batch</dt>
      <dd>
        <Num value={batch.records} /> records, <Bytes value={batch.bytes} />, {batch.codec}{' '}
        <span class="dimmer">leader epoch {batch.leader_epoch}</span>
      </dd>
    </dl>
  );
}

function ReadAsFact({ payload }: { payload: Payload }) {
  const { format, bytes, schema, why } = payload;
  if (format === 'null') return <span class="dimmer">{why}</span>;
  return (
    <span title={why}>
      <Bytes value={bytes} /> {formatName[format]}
      {schema && (
        <span class="dimmer">
          {' '}
          {schema.subject !== undefined && (
            <>
              <Name text={schema.subject} /> v{schema.version}{' '}
            </>
          )}
          id {schema.id}
        </span>
      )}
    </span>
  );
}

const parts = [
  ['value', 'Value'],
  ['key', 'Key'],
  ['headers', 'Headers'],
] as const;
type Part = (typeof parts)[number][0];

function Parts({ now, detail, onChoose }: { now: Part; detail: RecordDetail; onChoose: (part: Part) => void }) {
  return (
    <div class="tabs inner" role="group" aria-label="Of this record">
      {parts.map(([part, label]) => (
        <button key={part} aria-pressed={part === now} onClick={() => onChoose(part)}>
          {label}
          {part === 'headers' && <em>{detail.record.headers}</em>}
        </button>
      ))}
    </div>
  );
}

// Goes on searching, for what is the same there.
const searchFor = (place: Place<'topic'>, condition: string) =>
  see(place, {
    where: withCondition(place.query.where, condition),
    ...(place.query.from === 'live' ? { from: 'newest' } : {}),
  });

const lineActs = (place: Place<'topic'>): LineActs => (line) => {
  const condition = conditionOf(line);
  const { columns } = place.query;
  const more = withPath(columns, line.path);
  return (
    <>
      {condition && (
        <button class="btn quiet" title={`Search for ${condition}`} onClick={() => searchFor(place, condition)}>
          <Icon name="filter" size={12} />
          Filter
        </button>
      )}
      {more !== columns && (
        <button class="btn quiet" title={`A column for ${line.path}`} onClick={() => see(place, { columns: more })}>
          <Icon name="add" size={12} />
          Column
        </button>
      )}
    </>
  );
};

interface BodyProps {
  payload: Payload;
  root: string;
  acts: LineActs;
}

function Body({ payload, root, acts }: BodyProps) {
  const { flaw, text, cut, is_json: isJson, format, why } = payload;
  return (
    <div class="payload" tabIndex={0} role="group" aria-label={root}>
      {flaw && (
        <p class="note">
          <Icon name="warn" size={14} />
          <span>
            {formatName[flaw.format]}
            {flaw.at !== undefined && `, byte ${flaw.at}`}: {flaw.message}
          </span>
        </p>
      )}
      {format === 'null' ? <p class="dimmer">{why}</p> : isJson && !cut ? <Json text={text} root={root} acts={acts} /> : <Plain text={text} />}
      {cut && <p class="dimmer small">The first 1 MiB is shown. The download has all of it.</p>}
    </div>
  );
}

function Headers({ headers, all }: { headers: RecordHeader[]; all: number }) {
  if (all === 0) return <div class="payload dimmer">There are no headers.</div>;
  return (
    <div class="payload" tabIndex={0} role="group" aria-label="headers">
      <dl class="facts flat">
        {headers.map(({ name, value }, index) => (
          <HeaderFact key={index} name={name} value={value} />
        ))}
      </dl>
      {headers.length < all && (
        <p class="dimmer small">
          {all - headers.length} more are too long to be shown.
        </p>
      )}
    </div>
  );
}

const HeaderFact = ({ name, value }: RecordHeader) => (
  <>
    <dt>
      <Name text={name} />
    </dt>
    <dd class="mono" title={`${formatName[value.format]}: ${value.why}`}>
      {value.format === 'null' ? <span class="dimmer">null</span> : <Hidden text={value.text} />}
      {value.cut && <span class="dimmer">…</span>}
    </dd>
  </>
);

interface ActsProps {
  place: Place<'topic'>;
  payload: Payload;
  what: string;
  path: string;
  onAgain: (() => void) | undefined;
}

function Acts({ place, payload, what, path, onAgain }: ActsProps) {
  const same = what === 'key' && payload.format === 'text' && !payload.cut ? equals('key', payload.text) : undefined;
  return (
    <footer class="row acts">
      {payload.format !== 'null' && (
        <>
          <Copy text={payload.text} what={`the ${what}`} />
          <a class="btn" href={path} download="">
            <Icon name="save" size={14} />
            Download
          </a>
        </>
      )}
      {same && (
        <button class="btn" title={`Search for ${same}`} onClick={() => searchFor(place, same)}>
          <Icon name="filter" size={14} />
          All of this key
        </button>
      )}
      {onAgain && (
        <button class="btn" onClick={onAgain}>
          <Icon name="send" size={14} />
          Produce again
        </button>
      )}
    </footer>
  );
}

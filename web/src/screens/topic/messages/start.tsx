// Where to begin, in which partitions, and how bytes are read. All of it is in the address.
import { useLayoutEffect, useState } from 'preact/hooks';
import type { PayloadAs } from '../../../api/types.gen';
import { href, see, type Place } from '../../../router';
import { Choice } from '../../../ui/tabs';
import { formatName, formats } from './asked';

type From = Place<'topic'>['query']['from'];
const choices: [From, string][] = [
  ['newest', 'Newest'],
  ['oldest', 'Oldest'],
  ['time', 'Time'],
  ['offset', 'Offset'],
  ['live', 'Live'],
];

interface StartProps {
  place: Place<'topic'>;
  wrong: string | undefined;
  wrongEnd: string | undefined;
}

export function Start({ place, wrong, wrongEnd }: StartProps) {
  const { query, path } = place;
  const live = { where: '', until: '' }; // is not searched
  const to = (from: From) => href('topic', path, { ...query, from, start: '', record: '', ...(from === 'live' ? live : {}) });
  return (
    <div class="row tools wrap">
      <Choice
        label="Where to begin"
        now={query.from}
        choices={choices.map(([key, label]) => ({ key, label, href: to(key) }))}
      />
      {(query.from === 'time' || query.from === 'offset') && (
        <Typed
          key={query.from}
          label={query.from === 'time' ? 'From time' : 'From offset'}
          hint={query.from === 'time' ? '-6h, or 2026-11-28 07:41' : '0'}
          value={query.start}
          wrong={wrong}
          onDone={(start) => see(place, { start, record: '' })}
        />
      )}
      {query.where !== '' && (
        <Typed
          label={query.from === 'newest' ? 'Back to' : 'Until'}
          hint={query.from === 'newest' ? 'back to the first' : 'until the end'}
          value={query.until}
          wrong={wrongEnd}
          onDone={(until) => see(place, { until })}
        />
      )}
      <Typed
        label="Partitions"
        hint="all partitions"
        value={query.partitions}
        wrong={undefined}
        onDone={(partitions) => see(place, { partitions: partitions.replaceAll(' ', '') })}
      />
      <ReadAs label="Keys as" value={query.key} onChoose={(key) => see(place, { key })} />
      <ReadAs label="Values as" value={query.value} onChoose={(value) => see(place, { value })} />
    </div>
  );
}

interface TypedProps {
  label: string;
  hint: string;
  value: string;
  wrong: string | undefined;
  onDone: (value: string) => void;
}

// Counts with Enter, or when one goes on to something else.
function Typed({ label, hint, value, wrong, onDone }: TypedProps) {
  const [text, set] = useState(value);
  useLayoutEffect(() => set(value), [value]); // before anybody can type on
  const done = (now: string) => {
    if (now !== value) onDone(now);
  };
  return (
    <label class={`field short${wrong ? ' wrong' : ''}`} title={wrong}>
      <input
        type="text"
        value={text}
        placeholder={hint}
        aria-label={label}
        aria-invalid={wrong ? 'true' : undefined}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => set(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && done(event.currentTarget.value)}
        onBlur={(event) => done(event.currentTarget.value)}
      />
    </label>
  );
}

interface ReadAsProps {
  label: string;
  value: string;
  onChoose: (format: PayloadAs) => void;
}

export const ReadAs = ({ label, value, onChoose }: ReadAsProps) => (
  <label class="field choose">
    {label}
    <select value={value} onChange={(event) => onChoose(event.currentTarget.value as PayloadAs)}>
      {formats.map((format) => (
        <option key={format} value={format}>
          {formatName[format]}
        </option>
      ))}
    </select>
  </label>
);

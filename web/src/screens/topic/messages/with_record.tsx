// A list of records, and the open one beside it.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Record as KafkaRecord } from '../../../api/types.gen';
import { see, type Place } from '../../../router';
import { recordOf } from './asked';
import { RecordPane } from './record_pane';

export const keyOf = ({ partition, offset }: KafkaRecord): string => `${partition}:${offset}`;

interface WithRecordProps {
  place: Place<'topic'>;
  rows: readonly KafkaRecord[];
  onAgain: ((record: string) => void) | undefined;
  box?: { current: HTMLDivElement | null };
  children: ComponentChildren;
}

export function WithRecord({ place, rows, onAgain, box, children }: WithRecordProps) {
  const { query } = place;
  const own = useRef<HTMLDivElement>(null);
  const open = recordOf(query.record);
  const step = (by: number) => {
    const at = rows.findIndex((row) => keyOf(row) === query.record);
    const next = at < 0 ? undefined : rows[at + by];
    if (next) see(place, { record: keyOf(next) }, { replace: true });
  };
  return (
    <div class={open ? 'aside' : 'alone'} ref={box ?? own}>
      {children}
      {open && (
        <RecordPane
          key={query.record}
          place={place}
          topic={place.path.topic}
          record={open}
          onClose={() => see(place, { record: '' })}
          onStep={step}
          onAgain={onAgain && (() => onAgain(query.record))}
        />
      )}
    </div>
  );
}

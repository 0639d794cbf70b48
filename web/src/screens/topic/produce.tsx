// Writes a record: typed, or filled from one that is there.
import { useEffect, useState } from 'preact/hooks';
import { at, get, post, type Trouble } from '../../api/client';
import type { NewHeader, NewPayload, NewPayloadAs, NewRecord, RecordDetail, WrittenRecord } from '../../api/types.gen';
import { Icon } from '../../icons';
import { Drawer } from '../../ui/dialog';
import { say } from '../../ui/toast';
import { recordOf } from './messages/asked';
import { typedOf, ways } from './typed';

interface Draft {
  partition: string;
  key: NewPayload | undefined;
  value: NewPayload | undefined;
  headers: { name: string; value: NewPayload | undefined }[];
}
const empty: Draft = { partition: '', key: undefined, value: { text: '', format: 'text' }, headers: [] };

export function bodyOf({ partition, key, value, headers }: Draft): NewRecord {
  return {
    ...(partition.trim() === '' ? {} : { partition: Number(partition) }),
    ...(key ? { key } : {}),
    ...(value ? { value } : {}),
    ...(headers.length
      ? { headers: headers.map(({ name, value: of }): NewHeader => (of ? { name, value: of } : { name })) }
      : {}),
  };
}

interface ProduceProps {
  topic: string;
  from: string | undefined; // a record to begin with, "7:4318204"
  onWritten: (record: string) => void;
  onClose: () => void;
  onFile: () => void; // a file of records is to be written instead
}

export function Produce({ topic, from, onWritten, onClose, onFile }: ProduceProps) {
  const [draft, set] = useState(empty);
  const [trouble, fail] = useState<Trouble>();
  const [busy, work] = useState(false);
  const [keep, stay] = useState(false);
  const change = (part: Partial<Draft>) => set((now) => ({ ...now, ...part }));
  useFilled(topic, from, change, fail);
  const write = async () => {
    work(true);
    fail(undefined);
    try {
      const { partition, offset } = await post<WrittenRecord>(at`/topics/${topic}/records`, bodyOf(draft));
      say(`Written to partition ${partition} at offset ${offset}`);
      onWritten(`${partition}:${offset}`);
      if (!keep) onClose();
    } catch (refused) {
      fail(refused as Trouble);
    }
    work(false);
  };
  return (
    <Drawer
      title={`Produce to ${topic}`}
      onClose={onClose}
      footer={
        <>
          <button class="btn main" disabled={busy} onClick={() => void write()}>
            <Icon name="send" size={14} />
            Write the record
          </button>
          <label class="row check">
            <input type="checkbox" checked={keep} onChange={(event) => stay(event.currentTarget.checked)} />
            Keep this open
          </label>
          <button class="btn quiet" onClick={onFile}>
            From a file
          </button>
        </>
      }
    >
      <div class="form">
        <label>
          Partition
          <span class="field">
            <input
              type="text"
              inputMode="numeric"
              value={draft.partition}
              placeholder="by the key, or any"
              onInput={(event) => change({ partition: event.currentTarget.value })}
            />
          </span>
        </label>
        <Side label="Key" none="No key" payload={draft.key} rows={2} onChange={(key) => change({ key })} />
        <Side label="Value" none="Tombstone" payload={draft.value} rows={10} onChange={(value) => change({ value })} />
        <Headers headers={draft.headers} onChange={(headers) => change({ headers })} />
        {trouble && (
          <p class="note bad" role="alert">
            <Icon name="bad" size={14} />
            <span>
              <b>{trouble.message}</b> {trouble.hint}
            </span>
          </p>
        )}
      </div>
    </Drawer>
  );
}

// With what is in the record; what cannot be typed again is left out, and said so.
function useFilled(topic: string, from: string | undefined, change: (part: Partial<Draft>) => void, fail: (trouble: Trouble) => void) {
  useEffect(() => {
    const place = recordOf(from ?? '');
    if (!place) return;
    get<RecordDetail>(at`/topics/${topic}/records/${place.partition}/${place.offset}`).then(
      ({ record, header_list: headers }) => {
        change({
          key: typedOf(record.key),
          value: typedOf(record.value),
          headers: headers.map(({ name, value }) => ({ name, value: typedOf(value) })),
        });
        const lost = [record.key, record.value].some((one) => one.format !== 'null' && !typedOf(one));
        if (lost) say('A part of this record cannot be typed again, and is left out');
      },
      (refused: Trouble) => fail(refused),
    );
  }, [topic, from]);
}

interface SideProps {
  label: string;
  none: string;
  payload: NewPayload | undefined;
  rows: number;
  onChange: (payload: NewPayload | undefined) => void;
}

function Side({ label, none, payload, rows, onChange }: SideProps) {
  const format = payload?.format ?? 'text';
  return (
    <fieldset>
      <legend>{label}</legend>
      <div class="row">
        <label class="row check">
          <input
            type="checkbox"
            checked={payload === undefined}
            onChange={(event) => onChange(event.currentTarget.checked ? undefined : { text: '', format: 'text' })}
          />
          {none}
        </label>
        {payload && (
          <label class="field choose">
            as
            <select
              value={format}
              aria-label={`${label} as`}
              onChange={(event) => onChange({ ...payload, format: event.currentTarget.value as NewPayloadAs })}
            >
              {ways.map((way) => (
                <option key={way} value={way}>
                  {way}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      {payload && (
        <textarea
          class="mono"
          rows={rows}
          aria-label={label}
          spellcheck={false}
          value={payload.text}
          onInput={(event) => onChange({ ...payload, text: event.currentTarget.value })}
        />
      )}
    </fieldset>
  );
}

function Headers({ headers, onChange }: { headers: Draft['headers']; onChange: (headers: Draft['headers']) => void }) {
  const replace = (index: number, by?: Draft['headers'][number]) =>
    onChange(headers.flatMap((one, at_) => (at_ === index ? (by ? [by] : []) : [one])));
  return (
    <fieldset>
      <legend>Headers</legend>
      {headers.map((header, index) => (
        <div class="row" key={index}>
          <span class="field">
            <input
              type="text"
              value={header.name}
              placeholder="name"
              aria-label={`Name of header ${index + 1}`}
              onInput={(event) => replace(index, { ...header, name: event.currentTarget.value })}
            />
          </span>
          <span class="field grow">
            <input
              type="text"
              value={header.value?.text ?? ''}
              placeholder={header.value ? 'value' : 'null'}
              aria-label={`Value of header ${index + 1}`}
              onInput={(event) =>
                replace(index, {
                  ...header,
                  value: { format: header.value?.format ?? 'text', text: event.currentTarget.value },
                })
              }
            />
          </span>
          <button class="btn icon quiet" aria-label={`Remove header ${index + 1}`} onClick={() => replace(index)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
      <div>
        <button class="btn" onClick={() => onChange([...headers, { name: '', value: { text: '', format: 'text' } }])}>
          <Icon name="add" size={14} />
          Add a header
        </button>
      </div>
    </fieldset>
  );
}

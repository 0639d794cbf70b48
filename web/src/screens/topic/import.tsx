// Writes the records of a file: first what it has in it, and what is wrong with it, then one after the other. Nothing is
// written as long as a line is wrong.
import { useRef, useState } from 'preact/hooks';
import { at, post, type Trouble } from '../../api/client';
import type { NewRecord } from '../../api/types.gen';
import { Icon } from '../../icons';
import { Drawer } from '../../ui/dialog';
import { Num } from '../../ui/number';
import { plural, sentence } from '../../ui/text';
import { importOf, type Import } from './ndjson';

const SHOWN = 3; // records of the file

interface State {
  plan?: Import;
  written: number;
  running: boolean;
  trouble?: Trouble;
}

export function ImportDrawer({ topic, onClose }: { topic: string; onClose: () => void }) {
  const [{ plan, written, running, trouble }, set] = useState<State>({ written: 0, running: false });
  const stop = useRef(false);
  const choose = async (file: File | undefined) => {
    if (file) set({ plan: importOf(await file.text()), written: 0, running: false });
  };
  const write = async (records: NewRecord[]) => {
    stop.current = false;
    for (let next = written; next < records.length && !stop.current; next++) {
      set({ plan: plan!, written: next, running: true });
      try {
        await post(at`/topics/${topic}/records`, records[next]);
      } catch (refused) {
        return set({ plan: plan!, written: next, running: false, trouble: refused as Trouble });
      }
      set({ plan: plan!, written: next + 1, running: next + 1 < records.length });
    }
    set((now) => ({ ...now, running: false }));
  };
  const left = (plan?.records.length ?? 0) - written;
  return (
    <Drawer
      title={`Write records of a file to ${topic}`}
      onClose={() => {
        stop.current = true;
        onClose();
      }}
      footer={
        running ? (
          <button class="btn" onClick={() => (stop.current = true)}>
            Stop
          </button>
        ) : (
          <button class="btn main" disabled={!plan || plan.wrongLines > 0 || left === 0} onClick={() => void write(plan!.records)}>
            <Icon name="send" size={14} />
            {plan && left > 0 ? `Write ${left} ${plural(left, 'record')}` : 'Write'}
          </button>
        )
      }
    >
      <div class="form">
        <label>
          A file with a record a line, as Save as NDJSON makes it
          <input type="file" accept=".ndjson,.jsonl,.json,.txt" disabled={running} onChange={(event) => void choose(event.currentTarget.files?.[0])} />
        </label>
        {plan && <Planned plan={plan} />}
        {plan && written > 0 && (
          <p role="status">
            <Num value={written} /> of <Num value={plan.records.length} /> are written.
          </p>
        )}
        {trouble && (
          <p class="note bad" role="alert">
            <Icon name="bad" size={14} />
            <span>
              <b>Record {written + 1}: {sentence(trouble.message)}</b> {trouble.hint} Those before it are written.
            </span>
          </p>
        )}
      </div>
    </Drawer>
  );
}

function Planned({ plan: { records, wrong, wrongLines } }: { plan: Import }) {
  if (wrongLines > 0)
    return (
      <div class="note bad" role="alert">
        <Icon name="bad" size={14} />
        <div>
          <b>
            {wrongLines} {plural(wrongLines, 'line')} cannot be written, so nothing is.
          </b>
          {wrong.map(({ line, message }) => (
            <p key={line}>
              Line {line}: {sentence(message)}
            </p>
          ))}
        </div>
      </div>
    );
  const placed = records.filter(({ partition }) => partition !== undefined).length;
  return (
    <>
      <p>
        <Num value={records.length} /> {plural(records.length, 'record')}: {placed} to the partition that the file names, {records.length - placed} by
        their keys, or to any.
      </p>
      {records.slice(0, SHOWN).map(({ key, value }, index) => (
        <p key={index} class="mono clip small">
          {key?.text ?? '(no key)'} → {value?.text.slice(0, 200) ?? '(tombstone)'}
        </p>
      ))}
    </>
  );
}

// Saves the records of a list in a file, whole, a record a line: to be written again with Import, or read by other tools.
import { useState } from 'preact/hooks';
import { at, bytes, get } from '../../../api/client';
import type { Record as KafkaRecord, RecordDetail } from '../../../api/types.gen';
import { Icon } from '../../../icons';
import { say } from '../../../ui/toast';
import { plural } from '../../../ui/text';

const MOST_BYTES = 256 << 20; // of a file: a page holds it in memory until it is saved

interface Saved {
  lines: string[];
  left: number; // records that are gone by now, or of which a part is too long
  full: boolean;
}

async function linesOf(topic: string, rows: readonly KafkaRecord[], tell: (done: number) => void): Promise<Saved> {
  const { lineOf } = await import('../ndjson');
  const saved: Saved = { lines: [], left: 0, full: false };
  let size = 0;
  for (const [index, { partition, offset }] of rows.entries()) {
    const path = at`/topics/${topic}/records/${partition}/${String(offset)}`;
    try {
      const line = await lineOf(await get<RecordDetail>(path), (side) => bytes(`${path}/${side}`));
      size += line.length;
      if (size > MOST_BYTES) return { ...saved, left: saved.left + rows.length - index, full: true };
      saved.lines.push(line + '\n');
    } catch {
      saved.left++;
    }
    tell(index + 1);
  }
  return saved;
}

export function Save({ topic, rows }: { topic: string; rows: readonly KafkaRecord[] }) {
  const [done, tell] = useState<number>();
  const save = async () => {
    tell(0);
    const { lines, left, full } = await linesOf(topic, rows, tell);
    tell(undefined);
    const url = URL.createObjectURL(new Blob(lines, { type: 'application/x-ndjson' }));
    Object.assign(document.createElement('a'), { href: url, download: `${topic}.ndjson` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
    const why = full ? 'the file would be too large' : 'they are gone, or too long';
    say(`${lines.length} ${plural(lines.length, 'record')} saved${left ? `; ${left} left out, since ${why}` : ''}`);
  };
  if (rows.length === 0) return null;
  return (
    <button class="btn quiet" disabled={done !== undefined} onClick={() => void save()}>
      <Icon name="save" size={14} />
      {done === undefined ? 'Save as NDJSON' : `${done} of ${rows.length}`}
    </button>
  );
}

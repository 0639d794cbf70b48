// Whether a filter can be used, as the server says: it is asked when typing rests.
import { useEffect, useState } from 'preact/hooks';
import { address, get, type Trouble } from './client';
import type { FilterCheck, FilterMistake } from './types.gen';

export interface Checked {
  check?: FilterCheck;
  trouble?: Trouble;
}

// Nothing: not known yet.
export function useFilterCheck(where: string, waitMs = 0): Checked | undefined {
  const [said, say] = useState<{ of: string } & Checked>();
  useEffect(() => {
    if (where === '' || said?.of === where) return;
    const abort = new AbortController();
    const ask = () =>
      get<FilterCheck>(address('/filters/check', { where }), abort.signal).then(
        (check) => say({ of: where, check }),
        (trouble: Trouble) => abort.signal.aborted || say({ of: where, trouble }),
      );
    const timer = setTimeout(ask, waitMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [where]);
  if (where === '') return { check: { ok: true, words: false } };
  return said?.of === where ? said : undefined;
}

// Where a mistake is in the text: the server counts bytes, and ends within the text.
export function placeOfMistake(text: string, { at, length }: FilterMistake): { from: number; to: number } {
  const bytes = new TextEncoder().encode(text);
  const units = (count: number) => new TextDecoder().decode(bytes.slice(0, count)).length;
  const from = Math.min(units(at), text.length);
  return { from, to: Math.max(from, Math.min(units(at + length), text.length)) };
}

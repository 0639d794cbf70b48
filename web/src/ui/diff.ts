// What differs between two texts, line by line (Myers, "An O(ND) Difference Algorithm", 1986), and within lines that
// took each other's place.
export interface Change {
  kind: 'same' | 'gone' | 'new';
  a?: number; // the line's place in the first text, from 0
  b?: number; // in the second
}

// Texts that have little in common are not compared further: all of the one goes, all of the other comes.
const MOST_EDITS = 2000;

// The shortest way from `a` to `b`; of what is replaced, what goes comes first.
export function diff(a: readonly string[], b: readonly string[]): Change[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const middle = between(a.slice(start, a.length - end), b.slice(start, b.length - end));
  const same = (from: number, to: number, shift: number): Change[] =>
    Array.from({ length: to - from }, (_, n) => ({ kind: 'same', a: from + n, b: from + n + shift }));
  const moved = middle.map(({ kind, a: one, b: other }) => ({
    kind,
    ...(one === undefined ? {} : { a: one + start }),
    ...(other === undefined ? {} : { b: other + start }),
  }));
  return [...same(0, start, 0), ...moved, ...same(a.length - end, a.length, b.length - a.length)];
}

function between(a: readonly string[], b: readonly string[]): Change[] {
  const traces: Int32Array[] = [];
  const most = Math.min(a.length + b.length, MOST_EDITS);
  const reach = new Int32Array(2 * most + 2); // of each diagonal, how far it has come in `a`
  const at = (diagonal: number) => reach[diagonal + most]!;
  for (let edits = 0; edits <= most; edits++) {
    traces.push(reach.slice());
    for (let k = -edits; k <= edits; k += 2) {
      let x = k === -edits || (k !== edits && at(k - 1) < at(k + 1)) ? at(k + 1) : at(k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[k + most] = x;
      if (x >= a.length && x - k >= b.length) return back(traces, most, a.length, b.length);
    }
  }
  return [
    ...a.map((_, n): Change => ({ kind: 'gone', a: n })),
    ...b.map((_, n): Change => ({ kind: 'new', b: n })),
  ];
}

function back(traces: Int32Array[], most: number, lengthA: number, lengthB: number): Change[] {
  const changes: Change[] = [];
  let [x, y] = [lengthA, lengthB];
  for (let edits = traces.length - 1; edits >= 0; edits--) {
    const at = (diagonal: number) => traces[edits]![diagonal + most]!;
    const k = x - y;
    const before = k === -edits || (k !== edits && at(k - 1) < at(k + 1)) ? k + 1 : k - 1;
    const fromX = edits === 0 ? 0 : at(before);
    const fromY = edits === 0 ? 0 : fromX - before;
    while (x > fromX && y > fromY) changes.push({ kind: 'same', a: --x, b: --y });
    if (edits === 0) break;
    if (x === fromX) changes.push({ kind: 'new', b: --y });
    else changes.push({ kind: 'gone', a: --x });
  }
  return goneFirst(changes.reverse());
}

// Within a run of changes, what goes before what comes.
function goneFirst(changes: Change[]): Change[] {
  const out: Change[] = [];
  let run: Change[] = [];
  const flush = () => {
    out.push(...run.filter(({ kind }) => kind === 'gone'), ...run.filter(({ kind }) => kind === 'new'));
    run = [];
  };
  for (const change of changes) {
    if (change.kind !== 'same') {
      run.push(change);
      continue;
    }
    flush();
    out.push(change);
  }
  flush();
  return out;
}

// Two columns: what goes beside what comes in its place; undefined where there is nothing beside it.
export interface Pair {
  a?: number;
  b?: number;
  same: boolean;
}
export function pairs(changes: readonly Change[]): Pair[] {
  const out: Pair[] = [];
  for (let at = 0; at < changes.length; ) {
    const { kind, a, b } = changes[at]!;
    if (kind === 'same') {
      out.push({ a: a!, b: b!, same: true });
      at++;
      continue;
    }
    const run: Change[] = [];
    while (at < changes.length && changes[at]!.kind !== 'same') run.push(changes[at++]!);
    const gone = run.filter((one) => one.kind === 'gone');
    const come = run.filter((one) => one.kind === 'new');
    for (let n = 0; n < Math.max(gone.length, come.length); n++)
      out.push({
        ...(gone[n] ? { a: gone[n]!.a! } : {}),
        ...(come[n] ? { b: come[n]!.b! } : {}),
        same: false,
      });
  }
  return out;
}

// The part of a line that is not in the line beside it: what stands between what both begin and end with.
export function inLine(line: string, other: string): [from: number, to: number] {
  let from = 0;
  while (from < line.length && from < other.length && line[from] === other[from]) from++;
  let end = 0;
  while (end < line.length - from && end < other.length - from && line.at(-1 - end) === other.at(-1 - end)) end++;
  return [from, line.length - end];
}

// The order of rows: what a heading asks for, and what holds still.

// What the heading's next press asks for: first the direction that it begins with, then the other.
export function nextSort(now: string, key: string, downFirst: boolean): string {
  const up = key;
  const down = '-' + key;
  const [one, other] = downFirst ? [down, up] : [up, down];
  return now === one ? other : one;
}

export const sortedBy = (sort: string, key: string): 'ascending' | 'descending' | undefined =>
  sort === key ? 'ascending' : sort === '-' + key ? 'descending' : undefined;

type Comparable = string | number | bigint | boolean | undefined;

// A copy in order of `value`; what has none comes last, whichever way it is sorted, and equal ones keep their places.
export function sorted<Row>(rows: readonly Row[], value: (row: Row) => Comparable, down: boolean): Row[] {
  return [...rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
  });
}

// Rows in the places they had, with the values they have now: nothing jumps away under the pointer.
export function held<Row>(before: readonly Row[], now: readonly Row[], key: (row: Row) => string): Row[] {
  const fresh = new Map(now.map((row) => [key(row), row]));
  return before.map((row) => fresh.get(key(row)) ?? row);
}

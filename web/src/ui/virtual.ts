// Which rows of a long list are in sight. Heights are fixed, so that it is arithmetic.
export interface View {
  top: number; // pixels scrolled
  height: number; // pixels in sight
}

export interface Window {
  first: number;
  last: number; // not included
  before: number; // pixels of the rows above and below
  after: number;
}

const BEYOND = 8; // rows drawn on either side, so that scrolling meets no gap

export function windowOf({ top, height }: View, row: number, count: number): Window {
  const first = clamp(Math.floor(top / row) - BEYOND, 0, count);
  const last = clamp(Math.ceil((top + height) / row) + BEYOND, first, count);
  return { first, last, before: first * row, after: (count - last) * row };
}

// Where to scroll so that the row is in sight: nowhere if it is, else as little as needed.
export function reveal({ top, height }: View, row: number, index: number, head: number): number {
  const above = index * row;
  const below = above + row + head - height;
  return top > above ? above : top < below ? below : top;
}

export const firstInSight = (top: number, row: number): number => Math.round(top / row);

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}

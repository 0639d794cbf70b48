// A line the size of a word: what a figure did lately. It has no axis; the figure beside it says how much.
const PAD = 2;

// The points of the line, in pixels; the lowest value at the bottom, a level line in the middle.
export function sparkPoints(values: readonly number[], width: number, height: number): [number, number][] {
  const low = Math.min(...values);
  const range = Math.max(...values) - low;
  const step = width / Math.max(1, values.length - 1);
  return values.map((value, index) => {
    const share = range === 0 ? 0.5 : (value - low) / range;
    return [round(index * step), round(height - PAD - share * (height - 2 * PAD))];
  });
}

const round = (value: number): number => Math.round(value * 10) / 10;

export type SparkTone = 'in' | 'out' | 'warn' | 'ink3';

export function Spark({
  values,
  tone = 'in',
  width = 86,
  height = 34,
}: {
  values: readonly number[];
  tone?: SparkTone;
  width?: number;
  height?: number;
}) {
  if (values.length < 2) return null;
  const line = sparkPoints(values, width, height)
    .map(([x, y], index) => `${index ? 'L' : 'M'}${x} ${y}`)
    .join('');
  return (
    <svg
      class={`spark ${tone}`}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      fill="none"
      aria-hidden="true"
    >
      <path class="area" d={`${line}L${width} ${height}L0 ${height}Z`} />
      <path class="line" d={line} stroke-width="1.3" stroke-linejoin="round" />
    </svg>
  );
}

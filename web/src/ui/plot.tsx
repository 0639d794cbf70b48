// Figures over time: lines over one axis of time, with what stands under the pointer, and the same as a table for those
// who read. Drawn here, not by a package: what the console shows has few points.
import { useEffect, useRef, useState } from 'preact/hooks';
import { zone } from '../settings';
import { instantText } from './instant';
import { bounds, gridOf, nearest, pathOf, scaleOf, ticksOf, type Line, type Scale } from './plot_lines';
import { Time } from './time';

export interface PlotProps {
  label: string;
  lines: Line[];
  since: number; // milliseconds: the axis begins here
  until: number;
  text: (value: number) => string; // a value as people say it
  grid?: (highest: number) => number[]; // where lines of the grid are; decimal steps without it
  height?: number;
}

const LEFT = 74;
const BOTTOM = 22;
const TOP = 8;

const clock = (ms: number): string => instantText(ms, zone.value)?.clock.slice(0, 5) ?? '';

// As wide as its place is.
function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const watch = new ResizeObserver(() => setWidth(box.current?.clientWidth ?? 640));
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  return { box, width: Math.max(240, width) };
}

export function Plot(props: PlotProps) {
  const { label, lines, since, until, text, height = 152 } = props;
  const { box, width } = useWidth();
  const [under, setUnder] = useState<number>();
  const grid = (props.grid ?? gridOf)(bounds(lines));
  const scale = scaleOf({
    since,
    until,
    top: grid.at(-1) ?? 1,
    left: LEFT,
    right: width - 10,
    high: TOP,
    low: height - BOTTOM,
  });
  const points = lines.some(({ at }) => at.length > 0);
  const point = (event: PointerEvent) => {
    const x = event.clientX - box.current!.getBoundingClientRect().left;
    setUnder(nearest(lines, scale.time(x)));
  };
  return (
    <div class="plot" ref={box} onPointerMove={point} onPointerLeave={() => setUnder(undefined)}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary(props)}>
        {grid.map((value) => (
          <g key={value}>
            <line
              class={value === 0 ? 'base' : 'gridline'}
              x1={LEFT}
              x2={width - 10}
              y1={scale.y(value)}
              y2={scale.y(value)}
            />
            <text class="axis" x={LEFT - 8} y={scale.y(value) + 4} text-anchor="end">
              {text(value)}
            </text>
          </g>
        ))}
        {ticksOf(since, until).map((at) => (
          <text
            class="axis"
            key={at}
            x={scale.x(at)}
            y={height - 5}
            text-anchor={scale.x(at) > width - 30 ? 'end' : 'middle'}
          >
            {clock(at)}
          </text>
        ))}
        {lines.map((line) => (
          <Drawn line={line} scale={scale} key={line.name} />
        ))}
        {under !== undefined && <Under lines={lines} at={under} scale={scale} low={height - BOTTOM} />}
      </svg>
      {!points && <p class="none dimmer">Nothing was seen in this time yet</p>}
      {under !== undefined && <Told lines={lines} at={under} left={scale.x(under)} width={width} text={text} />}
      <details class="figures">
        <summary class="small dimmer">Show figures</summary>
        <Figures label={label} lines={lines} text={text} />
      </details>
    </div>
  );
}

// One sentence for who cannot see it.
function summary({ label, lines, text }: PlotProps): string {
  const said = lines.map(({ name, values }) =>
    values.length ? `${name} ${text(values.at(-1)!)}, at most ${text(Math.max(...values))}` : `${name} not known`,
  );
  return `${label}: ${said.join('; ')}`;
}

function Drawn({ line, scale }: { line: Line; scale: Scale }) {
  const path = pathOf(line, scale);
  if (!path) return null;
  const last = line.at.length - 1;
  return (
    <g class={`line ${line.tone}`}>
      {line.filled && (
        <path
          class="area"
          d={`${path}L${scale.x(line.at[last]!)} ${scale.y(0)}L${scale.x(line.at[0]!)} ${scale.y(0)}Z`}
        />
      )}
      <path class="stroke" d={path} fill="none" stroke-width="1.6" stroke-linejoin="round" />
      <circle cx={scale.x(line.at[last]!)} cy={scale.y(line.values[last]!)} r="2.6" />
    </g>
  );
}

const valueAt = ({ at, values }: Line, when: number): number | undefined => values[at.indexOf(when)];

function Under({ lines, at, scale, low }: { lines: Line[]; at: number; scale: Scale; low: number }) {
  return (
    <g class="under">
      <line x1={scale.x(at)} x2={scale.x(at)} y1={TOP} y2={low} />
      {lines.map((line) => {
        const value = valueAt(line, at);
        return value === undefined ? null : (
          <circle class={line.tone} key={line.name} cx={scale.x(at)} cy={scale.y(value)} r="3.4" />
        );
      })}
    </g>
  );
}

function Told(props: { lines: Line[]; at: number; left: number; width: number; text: (value: number) => string }) {
  const { lines, at, left, width, text } = props;
  const style = left > width / 2 ? { right: `${width - left + 12}px` } : { left: `${left + 12}px` };
  return (
    <div class="told" style={style} aria-hidden="true">
      <Time ms={at} />
      {lines.map((line) => {
        const value = valueAt(line, at);
        return value === undefined ? null : (
          <p key={line.name} class="row">
            <i class={`swatch ${line.tone}`} />
            {line.name} <b>{text(value)}</b>
          </p>
        );
      })}
    </div>
  );
}

function Figures({ label, lines, text }: { label: string; lines: Line[]; text: (value: number) => string }) {
  const times = [...new Set(lines.flatMap(({ at }) => at))].sort((a, b) => b - a);
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table class="grid">
        <thead>
          <tr>
            <th>Time</th>
            {lines.map(({ name }) => (
              <th class="num" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((at) => (
            <tr key={at}>
              <td>
                <Time ms={at} />
              </td>
              {lines.map((line) => {
                const value = valueAt(line, at);
                return (
                  <td class="num" key={line.name}>
                    {value === undefined ? '–' : text(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

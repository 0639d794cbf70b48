// How far behind the group was, in records and in time.
import { Panel } from '../../ui/panel';
import { Plot } from '../../ui/plot';
import { durationGrid } from '../../ui/plot_lines';
import { age, lineOf, ReachChoice, short, spans, useReach, useSeries } from '../shared/history';

export function LagHistory({ group }: { group: string }) {
  const [reach, setReach] = useReach();
  const series = useSeries('group', group, ['lag', 'age'], reach);
  const lag = lineOf(series.data, 'lag', 'records', 'warn', true);
  const oldest = lineOf(series.data, 'age', 'oldest unread', 'ink3');
  const last = (values: readonly number[], text: (value: number) => string) =>
    values.length ? text(values.at(-1)!) : '–';
  return (
    <Panel
      title="Behind"
      busy={!series.data && !series.trouble}
      count={
        <span class="legend">
          <span>
            <i class="swatch warn" />
            records <b>{last(lag.values, short)}</b>
          </span>
          <span>
            <i class="swatch ink3" />
            oldest unread <b>{last(oldest.values, age)}</b>
          </span>
        </span>
      }
      end={<ReachChoice now={reach} reaches={[15, 60]} onPick={setReach} />}
    >
      <Plot label="Records behind" lines={[lag]} {...spans(series.data)} text={short} height={120} />
      <Plot
        label="Age of the oldest unread record"
        lines={[oldest]}
        {...spans(series.data)}
        text={age}
        grid={durationGrid}
        height={84}
      />
    </Panel>
  );
}

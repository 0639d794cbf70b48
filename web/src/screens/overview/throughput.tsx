// What this broker took and gave.
import { Panel } from '../../ui/panel';
import { Plot } from '../../ui/plot';
import { byteGrid } from '../../ui/plot_lines';
import { Failure } from '../../ui/state';
import { lineOf, rate, ReachChoice, spans, useReach, useSeries } from '../shared/history';

export function Throughput() {
  const [reach, setReach] = useReach();
  const series = useSeries('broker', '', ['written', 'read'], reach);
  if (!series.data && series.trouble) return <Failure trouble={series.trouble} retry={series.reload} />;
  const lines = [
    lineOf(series.data, 'read', 'read', 'out', true),
    lineOf(series.data, 'written', 'written', 'in', true),
  ];
  return (
    <Panel
      title="Throughput of this broker"
      busy={!series.data}
      count={
        <span class="legend">
          {[...lines].reverse().map(({ name, tone, values }) => (
            <span key={name}>
              <i class={`swatch ${tone}`} />
              {name} <b>{values.length ? rate(values.at(-1)!) : '–'}</b>
            </span>
          ))}
        </span>
      }
      end={<ReachChoice now={reach} reaches={[15, 60, 360]} onPick={setReach} />}
    >
      <Plot label="Throughput of this broker" lines={lines} {...spans(series.data)} text={rate} grid={byteGrid} />
    </Panel>
  );
}

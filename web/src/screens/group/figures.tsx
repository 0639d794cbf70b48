import { useRef } from 'preact/hooks';
import type { GroupDetail } from '../../api/types.gen';
import { Kpi, Kpis } from '../../ui/kpi';
import { Duration, Num, Unit } from '../../ui/number';
import { plain } from '../../ui/name';
import { Spark } from '../../ui/spark';
import { duration, plural, three } from '../../ui/text';
import { Time } from '../../ui/time';
import { trendOf, withSample, type Sample, type Trend } from './trend';

export function LagFigures({ group, seenAt }: { group: GroupDetail; seenAt: number }) {
  const { lag, most_behind: worst } = group;
  const { samples, trend } = useTrend(group, seenAt);
  return (
    <Kpis label="Lag in figures">
      <Kpi
        label="Lag"
        note={<Pace trend={trend} />}
        spark={<Spark values={samples.map((one) => one.lag)} tone={trend?.outlook === 'behind' ? 'warn' : 'ink3'} />}
      >
        {lag === undefined ? '–' : <Num value={lag} />}
        <Unit>{plural(lag ?? 0, 'record')}</Unit>
      </Kpi>
      <Kpi label="Most behind" note={worst ? `${plain(worst.topic)}, partition ${worst.partition}` : 'no partition is'}>
        {worst?.lag === undefined ? '0' : <Num value={worst.lag} />}
        <Unit>{plural(worst?.lag ?? 0, 'record')}</Unit>
      </Kpi>
      <Kpi label="Oldest unread record" note={group.lag === 0 ? 'all is read' : 'since it was written'}>
        {group.oldest_unread_ms === undefined ? '–' : <Duration ms={group.oldest_unread_ms} />}
      </Kpi>
      <Kpi label="Reads" note={`in ${group.topics} ${plural(group.topics, 'topic')}`}>
        <Num value={group.partitions} />
        <Unit>{plural(group.partitions, 'partition')}</Unit>
      </Kpi>
      <OutlookFigure trend={trend} lag={lag} members={group.members.length} />
    </Kpis>
  );
}

function useTrend(group: GroupDetail, seenAt: number): { samples: Sample[]; trend: Trend | undefined } {
  const kept = useRef<{ group: string; samples: Sample[] }>({ group: '', samples: [] });
  if (kept.current.group !== group.name) kept.current = { group: group.name, samples: [] };
  if (group.lag !== undefined) kept.current.samples = withSample(kept.current.samples, seenAt, group.lag);
  return { samples: kept.current.samples, trend: trendOf(kept.current.samples) };
}

function Pace({ trend }: { trend: Trend | undefined }) {
  if (!trend) return <>over all its partitions</>;
  const since = (
    <>
      , since <Time ms={trend.since} />
    </>
  );
  if (trend.perSecond === 0 || trend.outlook === 'caught up') return <>steady{since}</>;
  return (
    <>
      {trend.perSecond > 0 ? 'growing' : 'shrinking'} by {three(Math.abs(trend.perSecond))} a second{since}
    </>
  );
}

function OutlookFigure({
  trend,
  lag,
  members,
}: {
  trend: Trend | undefined;
  lag: number | bigint | undefined;
  members: number;
}) {
  if (lag !== undefined && Number(lag) === 0)
    return (
      <Kpi label="Outlook" note="everything is read">
        Caught up
      </Kpi>
    );
  if (members === 0)
    return (
      <Kpi label="Outlook" tone="warn-ink" note="it has no members">
        Nobody reads
      </Kpi>
    );
  if (!trend)
    return (
      <Kpi label="Outlook" note="known after ten seconds of looking">
        –
      </Kpi>
    );
  if (trend.outlook === 'behind') {
    return (
      <Kpi
        label="Outlook"
        tone="warn-ink"
        note={
          <>
            by <Num value={Number((trend.perSecond * 60).toPrecision(3))} /> records a minute
          </>
        }
      >
        Falls behind
      </Kpi>
    );
  }
  if (trend.outlook === 'catching up') {
    const left = duration((trend.seconds ?? 0) * 1000);
    return (
      <Kpi label="Outlook" note="at the present pace">
        Catches up in {left.value}
        <Unit>{left.unit}</Unit>
      </Kpi>
    );
  }
  return (
    <Kpi label="Outlook" note="it reads as fast as is written">
      Keeps up
    </Kpi>
  );
}

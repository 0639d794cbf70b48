// The cluster in five figures.
import type { BrokerPage, Cluster } from '../../api/types.gen';
import { href } from '../../router';
import { Kpi, Kpis } from '../../ui/kpi';
import { Name } from '../../ui/name';
import { Duration, Num, Unit } from '../../ui/number';
import { bytes, plural } from '../../ui/text';

export function Figures({ cluster, brokers }: { cluster: Cluster; brokers: BrokerPage | undefined }) {
  const { leaderless, under_replicated: short, under_min_isr: refused } = cluster;
  const internal = cluster.topics_internal;
  return (
    <Kpis label="Figures">
      <Kpi
        label="Partitions"
        tone={leaderless ? 'bad-ink' : ''}
        note={
          leaderless ? (
            <>
              <Num value={leaderless} /> without a leader
            </>
          ) : (
            'every one has a leader'
          )
        }
      >
        <Num value={cluster.partitions} />
      </Kpi>
      <Kpi
        label="Short of replicas"
        tone={refused ? 'bad-ink' : short ? 'warn-ink' : ''}
        note={
          refused ? (
            <>
              <Num value={refused} /> take no acks=all
            </>
          ) : short ? (
            'all take acks=all'
          ) : (
            'every replica is in sync'
          )
        }
      >
        <Num value={short} />
        <Unit>{plural(short, 'partition')}</Unit>
      </Kpi>
      <Kpi
        label="Topics"
        note={
          <>
            <Num value={internal} /> of them Kafka’s own
          </>
        }
      >
        <Num value={cluster.topics} />
      </Kpi>
      <Kpi
        label="Oldest unread record"
        note={
          cluster.oldest_unread_group === undefined ? (
            <>
              <Num value={cluster.groups ?? 0} /> {plural(cluster.groups ?? 0, 'group')} read all there is
            </>
          ) : (
            <a class="link" href={href('group', { group: cluster.oldest_unread_group })}>
              <Name text={cluster.oldest_unread_group} />
            </a>
          )
        }
      >
        {cluster.oldest_unread_ms === undefined ? '0' : <Duration ms={cluster.oldest_unread_ms} />}
      </Kpi>
      <Stored brokers={brokers} />
    </Kpis>
  );
}

function Stored({ brokers }: { brokers: BrokerPage | undefined }) {
  const here = brokers?.items.find((broker) => broker.here);
  if (here?.bytes === undefined) return <Kpi label="Stored here">–</Kpi>;
  const { value, unit } = bytes(here.bytes);
  const free = here.disk_free === undefined ? undefined : bytes(here.disk_free);
  return (
    <Kpi label="Stored here" note={free ? `${free.value} ${free.unit} free on disk` : `broker ${here.id}`}>
      <span title={`${here.bytes} B`}>{value}</span>
      <Unit>{unit}</Unit>
    </Kpi>
  );
}

// The cluster at one look: is it well, what needs somebody, who serves.
import { useAnswer, paused } from '../api/live';
import type { Attention, AttentionList, BrokerPage, Cluster, HealthStatus, Quorum, Severity } from '../api/types.gen';
import { Icon, type IconName } from '../icons';
import { href } from '../router';
import { Kpi, Kpis } from '../ui/kpi';
import { Num, Sentence, Unit } from '../ui/number';
import { Panel } from '../ui/panel';
import { Loaded } from '../ui/state';
import { bytes, plural } from '../ui/text';
import { Time } from '../ui/time';
import { BrokersTable } from './shared/brokers_table';
import { QuorumFacts } from './shared/quorum';

const tones: Record<HealthStatus, string> = { ok: '', degraded: 'warn', failed: 'bad' };

export default function Overview() {
  const cluster = useAnswer<Cluster>('/cluster');
  const brokers = useAnswer<BrokerPage>('/brokers');
  const attention = useAnswer<AttentionList>('/attention');
  const quorum = useAnswer<Quorum>('/quorum');
  return (
    <>
      <div class="head">
        <h1>Overview</h1>
        {cluster.data && (
          <span class="row about">
            <i class={`dot live ${tones[cluster.data.status]}`} />
            <span>
              <Sentence text={cluster.data.sentence} />
            </span>
          </span>
        )}
        <div class="acts">
          <LiveButton />
        </div>
      </div>
      <Loaded of={cluster} lines={2}>
        {(data) => <Figures cluster={data} brokers={brokers.data} />}
      </Loaded>
      <div class="pair">
        <Loaded of={attention} lines={2}>
          {(data) => <NeedsAttention list={data} />}
        </Loaded>
        <Panel title="Metadata quorum">
          <Loaded of={quorum} lines={2}>
            {(data) => <QuorumFacts quorum={data} />}
          </Loaded>
        </Panel>
      </div>
      <Panel title="Brokers">
        <Loaded of={brokers} lines={3}>
          {(data) => <BrokersTable brokers={data.items} />}
        </Loaded>
      </Panel>
    </>
  );
}

function LiveButton() {
  const off = paused.value;
  return (
    <button class="btn" aria-pressed={!off} title={off ? 'Go on (l)' : 'Pause (l)'} onClick={() => (paused.value = !off)}>
      <i class={`dot ${off ? 'off' : 'live'}`} />
      {off ? 'Paused' : 'Live'}
    </button>
  );
}

function Figures({ cluster, brokers }: { cluster: Cluster; brokers: BrokerPage | undefined }) {
  const { leaderless, under_replicated: short, under_min_isr: refused } = cluster;
  const internal = cluster.topics_internal;
  return (
    <Kpis label="Figures">
      <Kpi label="Partitions" tone={leaderless ? 'bad-ink' : ''} note={leaderless ? <><Num value={leaderless} /> without a leader</> : 'every one has a leader'}>
        <Num value={cluster.partitions} />
      </Kpi>
      <Kpi label="Short of replicas" tone={refused ? 'bad-ink' : short ? 'warn-ink' : ''} note={refused ? <><Num value={refused} /> take no acks=all</> : short ? 'all take acks=all' : 'every replica is in sync'}>
        <Num value={short} />
        <Unit>{plural(short, 'partition')}</Unit>
      </Kpi>
      <Kpi label="Topics" note={<><Num value={internal} /> of them Kafka’s own</>}>
        <Num value={cluster.topics} />
      </Kpi>
      <Kpi label="Groups" note="coordinated by this broker">
        <Num value={cluster.groups ?? 0} />
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

const icons: Record<Severity, { icon: IconName; tone: string }> = {
  bad: { icon: 'bad', tone: 'bad-ink' },
  warn: { icon: 'warn', tone: 'warn-ink' },
  note: { icon: 'about', tone: 'dimmer' },
};

function NeedsAttention({ list }: { list: AttentionList }) {
  const worst = list.items[0]?.severity;
  return (
    <Panel
      title="Needs attention"
      count={list.total > 0 && <span class={`tag ${worst === 'note' ? '' : worst}`}>{list.total}</span>}
      end={
        <>
          checked <Time ms={list.as_of} />
        </>
      }
    >
      {list.items.length === 0 && (
        <p class="calm">
          <span class="ok-ink">
            <Icon name="ok" />
          </span>
          Nothing. Every partition is led and in sync, and every broker answers.
        </p>
      )}
      <ul class="attention">
        {list.items.slice(0, 6).map((item) => (
          <AttentionItem item={item} key={item.id} />
        ))}
      </ul>
      {list.total > 6 && <p class="more">and {list.total - 6} more, of the same or less urgency</p>}
    </Panel>
  );
}

function AttentionItem({ item }: { item: Attention }) {
  const { icon, tone } = icons[item.severity];
  const to = placeOfItem(item);
  return (
    <li>
      <span class={tone}>
        <Icon name={icon} />
      </span>
      <div class="grow">
        <b>
          <Sentence text={item.sentence} />
        </b>
        {item.detail && (
          <p>
            <Sentence text={item.detail} />
          </p>
        )}
      </div>
      {to && (
        <a class="go link" href={to.href}>
          {to.label}
          <Icon name="go" size={14} />
        </a>
      )}
    </li>
  );
}

function placeOfItem({ kind, name }: Attention): { href: string; label: string } | undefined {
  if (kind === 'topic' || kind === 'partition') return { href: href('topic', { topic: name }), label: 'Open topic' };
  if (kind === 'group') return { href: href('group', { group: name }), label: 'Open group' };
  if (kind === 'broker') return { href: href('broker', { broker: name }), label: 'Open broker' };
  return undefined;
}

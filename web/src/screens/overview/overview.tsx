// The cluster at one look: is it well, what needs somebody, who serves.
import { useAnswer, paused } from '../../api/live';
import type { AttentionList, BrokerPage, Cluster, HealthStatus, Quorum } from '../../api/types.gen';
import { Sentence } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Loaded } from '../../ui/state';
import { BrokersTable } from '../shared/brokers_table';
import { QuorumFacts } from '../shared/quorum';
import { NeedsAttention } from './attention';
import { Figures } from './figures';
import { Throughput } from './throughput';

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
      <Throughput />
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
    <button
      class="btn"
      aria-pressed={!off}
      title={off ? 'Go on (l)' : 'Pause (l)'}
      onClick={() => (paused.value = !off)}
    >
      <i class={`dot ${off ? 'off' : 'live'}`} />
      {off ? 'Paused' : 'Live'}
    </button>
  );
}

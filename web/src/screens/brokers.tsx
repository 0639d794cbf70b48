// The brokers, and who leads the metadata.
import { useAnswer } from '../api/live';
import type { BrokerPage, Quorum } from '../api/types.gen';
import { Panel } from '../ui/panel';
import { Loaded } from '../ui/state';
import { plural } from '../ui/text';
import { BrokersTable } from './shared/brokers_table';
import { QuorumFacts } from './shared/quorum';

export default function Brokers() {
  const brokers = useAnswer<BrokerPage>('/brokers');
  const quorum = useAnswer<Quorum>('/quorum');
  return (
    <>
      <div class="head">
        <h1>Brokers</h1>
        {brokers.data && (
          <span class="about">
            {brokers.data.total} {plural(brokers.data.total, 'broker')} registered
          </span>
        )}
      </div>
      <Panel title="Brokers">
        <Loaded of={brokers} lines={3}>
          {(data) => <BrokersTable brokers={data.items} />}
        </Loaded>
      </Panel>
      <Panel title="Metadata quorum">
        <Loaded of={quorum} lines={3}>
          {(data) => <QuorumFacts quorum={data} />}
        </Loaded>
      </Panel>
    </>
  );
}

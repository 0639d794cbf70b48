// One broker: how it is reached, its directories, its options.
import { at } from '../api/client';
import { useAnswer } from '../api/live';
import type { Broker, Configuration, Directory, DirectoryList } from '../api/types.gen';
import { href, type Place } from '../router';
import { Name } from '../ui/name';
import { Bytes, Num } from '../ui/number';
import { Panel } from '../ui/panel';
import { Failure, Loaded, NotRefreshed } from '../ui/state';
import { Tabs } from '../ui/tabs';
import { plural, span } from '../ui/text';
import { Table, type Column } from '../ui/table';
import { Disk } from './shared/brokers_table';
import { ConfigurationTab } from './shared/configuration';
import { BrokerStateTag } from './shared/words';

export default function BrokerScreen({ place }: { place: Place<'broker'> }) {
  const { broker: id, tab } = place.path;
  const broker = useAnswer<Broker>(at`/brokers/${id}`);
  if (!broker.data && broker.trouble) return <Failure trouble={broker.trouble} retry={broker.reload} />;
  return (
    <>
      <div class="head">
        <h1>
          Broker <Name text={id} />
        </h1>
        {broker.data && <About broker={broker.data} />}
      </div>
      <NotRefreshed of={broker} />
      <Tabs
        label="Of this broker"
        now={tab}
        tabs={[
          {
            key: 'directories',
            label: 'Listeners and directories',
            href: href('broker', { broker: id, tab: 'directories' }),
          },
          { key: 'configuration', label: 'Configuration', href: href('broker', { broker: id, tab: 'configuration' }) },
        ]}
      />
      {tab === 'directories' ? <Directories id={id} broker={broker.data} /> : <BrokerConfiguration place={place} />}
    </>
  );
}

function About({ broker }: { broker: Broker }) {
  return (
    <>
      <BrokerStateTag state={broker.state} />
      {broker.controller && <span class="tag accent">controller</span>}
      {broker.here && <span class="tag">answers here</span>}
      <span class="about">
        <Num value={broker.leads} /> {plural(broker.leads, 'partition')} led, <Num value={broker.replicas} />{' '}
        {plural(broker.replicas, 'replica')}
        {broker.out_of_sync > 0 && (
          <>
            , <Num value={broker.out_of_sync} /> not in sync
          </>
        )}
        {broker.started_at !== undefined && <>, up {span(Date.now() - Number(broker.started_at))}</>}
      </span>
    </>
  );
}

const columns: Column<Directory>[] = [
  {
    key: 'path',
    head: 'Directory',
    cell: ({ path }) => (
      <span class="mono">
        <Name text={path} />
      </span>
    ),
  },
  {
    key: 'error',
    head: 'State',
    cell: ({ error }) =>
      error === undefined ? <span class="tag ok">sound</span> : <span class="tag bad">{error}</span>,
  },
  { key: 'partitions', head: 'Replicas', num: true, cell: ({ partitions }) => <Num value={partitions} /> },
  { key: 'bytes', head: 'Stored', num: true, cell: ({ bytes }) => <Bytes value={bytes} /> },
  { key: 'disk', head: 'Disk', num: true, hide: 'mid', cell: (directory) => <Disk broker={directory} /> },
];

function Directories({ id, broker }: { id: string; broker: Broker | undefined }) {
  const directories = useAnswer<DirectoryList>(at`/brokers/${id}/directories`);
  return (
    <>
      {broker && (
        <Panel title="Listeners">
          <dl class="facts">
            {broker.endpoints.map(({ listener, host, port }) => (
              <>
                <dt key={listener}>{listener}</dt>
                <dd class="mono">
                  <Name text={host} />:{port}
                </dd>
              </>
            ))}
            <dt>Rack</dt>
            <dd>{broker.rack === undefined ? <span class="dimmer">none</span> : <Name text={broker.rack} />}</dd>
          </dl>
        </Panel>
      )}
      <Panel title="Log directories">
        <Loaded of={directories} lines={2}>
          {({ items }) => <Table label="Log directories" columns={columns} rows={items} rowKey={({ path }) => path} />}
        </Loaded>
      </Panel>
    </>
  );
}

function BrokerConfiguration({ place }: { place: Place<'broker'> }) {
  const config = useAnswer<Configuration>(at`/brokers/${place.path.broker}/config`);
  return (
    <ConfigurationTab
      place={place}
      answer={config}
      path={at`/brokers/${place.path.broker}/config`}
      command={(option, value) =>
        `kafka-configs --bootstrap-server ${location.hostname}:9092 --entity-type brokers --entity-name ${place.path.broker} --alter --add-config ${option}=${value}`
      }
    />
  );
}

// The options of a topic, a group or a broker: the value, and which layer says so. The option that is open is in the
// address.
import type { Answer } from '../../api/live';
import type { ConfigLayer, ConfigOption, Configuration } from '../../api/types.gen';
import { hrefOf, go, type Place } from '../../router';
import { Filter } from '../../ui/field';
import { Num } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Loaded } from '../../ui/state';
import { Choice } from '../../ui/tabs';
import { ScrollTable, type Column } from '../../ui/table';
import { OptionDrawer } from './option_drawer';
import { layerWords, optionText } from './option_text';

type WithOptions = Place<'topic'> | Place<'group'> | Place<'broker'>;
type View = Pick<WithOptions['query'], 'q' | 'option' | 'show'>;

interface ConfigurationTabProps {
  place: WithOptions;
  answer: Answer<Configuration>;
  path: string; // of the API, where it is changed
  command: (option: string, value: string) => string; // Kafka's tool that sets it
}

// The layer that is changed on each screen.
const owns = { topic: 'topic', group: 'group', broker: 'broker' } as const;

const seen = (place: WithOptions, change: Partial<View>): string =>
  hrefOf({ ...place, query: { ...place.query, ...change } } as Place);

function columns(place: WithOptions): Column<ConfigOption>[] {
  return [
    {
      key: 'name',
      head: 'Option',
      width: 380,
      cell: ({ name }) => (
        <a class="name mono" href={seen(place, { option: name })}>
          {name}
        </a>
      ),
    },
    { key: 'value', head: 'Value', cell: (option) => <Value option={option} /> },
    { key: 'why', head: 'Said by', width: 190, cell: ({ layer }) => <Layer layer={layer} /> },
    {
      key: 'default',
      head: 'Default',
      width: 190,
      hide: 'mid',
      cell: (option) => <span class="mono dim">{option.layer === 'default' ? '' : defaultOf(option)}</span>,
    },
  ];
}

const defaultOf = ({ layers }: ConfigOption): string => layers.find(({ layer }) => layer === 'default')?.value ?? '';

const Layer = ({ layer }: { layer: ConfigLayer }) => (
  <span class={layer === 'default' ? 'dimmer' : 'strong'}>{layerWords[layer]}</span>
);

function Value({ option }: { option: ConfigOption }) {
  if (option.sensitive) return <span class="dimmer">hidden</span>;
  if (option.value === undefined) return <span class="dimmer">none</span>;
  if (option.value === '') return <span class="dimmer">empty</span>;
  const text = optionText(option);
  return (
    <span title={option.value}>
      <span class="mono">{option.value}</span>
      {text && <span class="dimmer"> {text}</span>}
    </span>
  );
}

const matches = (q: string, { name, sentence, value }: ConfigOption): boolean =>
  [name, sentence, value].some((text) => text?.toLowerCase().includes(q.toLowerCase()));

export function ConfigurationTab({ place, answer, path, command }: ConfigurationTabProps) {
  const { q, show, option: open } = place.query;
  return (
    <Loaded of={answer} lines={8}>
      {({ items, total, set }) => {
        const shown = items.filter((item) => (show === 'all' || item.layer !== 'default') && matches(q, item));
        const opened = items.find(({ name }) => name === open);
        return (
          <>
            <div class="row tools">
              <Filter
                value={q}
                hint="Filter by option, value or words"
                onInput={(text) => go(seen(place, { q: text }), { replace: true })}
              />
              <Choice
                label="Which options"
                now={show}
                choices={[
                  { key: 'all', label: 'All', count: total, href: seen(place, { show: 'all' }) },
                  { key: 'set', label: 'Not the default', count: set, href: seen(place, { show: 'set' }) },
                ]}
              />
              {q && (
                <span class="dim" role="status">
                  <Num value={shown.length} /> of them
                </span>
              )}
            </div>
            <Panel fill>
              {shown.length === 0 ? (
                <Empty title="No option fits">
                  {show === 'set' && !q ? 'Every option has its default.' : 'Press Esc in the filter to empty it.'}
                </Empty>
              ) : (
                <ScrollTable
                  label="Options"
                  columns={columns(place)}
                  total={shown.length}
                  row={(index) => shown[index]}
                  rowKey={({ name }) => name}
                />
              )}
            </Panel>
            {opened && (
              <OptionDrawer
                key={opened.name}
                option={opened}
                own={owns[place.screen]}
                path={path}
                command={command}
                onClose={() => go(seen(place, { option: '' }))}
              />
            )}
          </>
        );
      }}
    </Loaded>
  );
}

// What a change would do, as the server says it.
import type { Int64, OffsetChange, OptionChange, Plan, ReplayFigures, ReplayTarget } from '../../api/types.gen';
import { Icon } from '../../icons';
import { Kpi, Kpis } from '../../ui/kpi';
import { Name } from '../../ui/name';
import { Num, Sentence, Unit } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { plural, sentence } from '../../ui/text';
import { Time } from '../../ui/time';
import { Table, type Column } from '../../ui/table';
import { layerWords, optionText } from '../shared/option_text';

export function PlanView({ plan }: { plan: Plan }) {
  return (
    <section class="plan" aria-label="Plan">
      {plan.blocked_by.map((why) => (
        <div class="note" key={why} role="status">
          <Icon name="warn" />
          <p>
            <b>{sentence(why)}</b> Until then nothing can be applied.
          </p>
        </div>
      ))}
      <header class="row">
        <h2>Plan</h2>
        <span class="end small dimmer">
          as of <Time ms={plan.as_of} />; nothing is changed yet
        </span>
      </header>
      <p class="said">
        <Sentence text={sentence(plan.title)} />
      </p>
      <Figures plan={plan} />
      {plan.replay && <LettersBack figures={plan.replay} />}
      {plan.options.length > 0 && (
        <Panel>
          <Table label="Options that change" columns={options} rows={plan.options} rowKey={({ name }) => name} />
        </Panel>
      )}
      {plan.offsets.length > 0 && (
        <Panel>
          <Table
            label="Offsets that change"
            columns={plan.records === undefined ? offsets : deletions}
            rows={plan.offsets}
            rowKey={({ topic, partition }) => `${topic}-${partition}`}
          />
          {plan.partitions > plan.offsets.length && (
            <p class="more">
              and <Num value={plan.partitions - plan.offsets.length} /> more partitions
            </p>
          )}
        </Panel>
      )}
      {plan.warnings.length > 0 && (
        <ul class="warnings">
          {plan.warnings.map((one) => (
            <li key={one}>
              <span class="warn-ink">
                <Icon name="warn" size={14} />
              </span>
              <span>
                <Sentence text={sentence(one)} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

// Where letters go, and which stay.
function LettersBack({ figures: { letters, targets, sent_before: before, stay } }: { figures: ReplayFigures }) {
  const figure = (label: string, value: Int64, note: string) => (
    <Kpi label={label} note={note}>
      <Num value={value} />
      <Unit>{plural(value, 'letter')}</Unit>
    </Kpi>
  );
  return (
    <>
      <Kpis label="What it means">
        {figure('Go', letters, targets.length === 1 ? `to ${targets[0]!.topic}` : `to ${targets.length} topics`)}
        {figure('Left out', before, 'sent back before')}
        {figure('Stay', stay, Number(stay) ? 'cannot be sent' : 'none has to')}
      </Kpis>
      {targets.length > 1 && (
        <Panel>
          <Table label="Where letters go" columns={targetColumns} rows={targets} rowKey={({ topic }) => topic} />
        </Panel>
      )}
    </>
  );
}

const targetColumns: Column<ReplayTarget>[] = [
  { key: 'topic', head: 'Topic', cell: ({ topic }) => <Name text={topic} /> },
  { key: 'letters', head: 'Letters', num: true, cell: ({ letters }) => <Num value={letters} /> },
];

function Figures({ plan: { records, read_again, skipped, lag_after } }: { plan: Plan }) {
  const figure = (label: string, value: Int64 | undefined, note: string) =>
    value !== undefined && (
      <Kpi label={label} note={note}>
        <Num value={value} />
        <Unit>{plural(value, 'record')}</Unit>
      </Kpi>
    );
  if ([records, read_again, skipped].every((value) => value === undefined)) return null;
  return (
    <Kpis label="What it means">
      {figure('Deleted', records, 'and not to be had back')}
      {figure('Read again', read_again, Number(read_again) ? 'a second time' : 'nothing is read twice')}
      {figure('Skipped', skipped, Number(skipped) ? 'never read by the group' : 'nothing is passed over')}
      {figure('Lag after', lag_after, 'over these partitions')}
    </Kpis>
  );
}

const Said = ({
  value,
  layer,
  unit,
}: {
  value: string | undefined;
  layer: OptionChange['to_layer'];
  unit?: string;
}) => {
  const words = optionText({ ...(value === undefined ? {} : { value }), ...(unit ? { unit } : {}) });
  return (
    <>
      <span class="mono">{value ?? 'none'}</span>
      {words && <span class="dimmer"> {words}</span>}
      <p class="small dimmer">by {layerWords[layer]}</p>
    </>
  );
};

const options: Column<OptionChange>[] = [
  { key: 'name', head: 'Option', cell: ({ name }) => <span class="mono">{name}</span> },
  {
    key: 'from',
    head: 'Now',
    cell: ({ from, from_layer, unit }) => <Said value={from} layer={from_layer} {...(unit ? { unit } : {})} />,
  },
  {
    key: 'to',
    head: 'Then',
    cell: ({ to, to_layer, unit }) => <Said value={to} layer={to_layer} {...(unit ? { unit } : {})} />,
  },
];

const offset = (value: Int64 | undefined, dim: boolean) =>
  value === undefined ? (
    <span class="dimmer">none</span>
  ) : (
    <span class={dim ? 'dim' : ''}>{<Num value={value} />}</span>
  );

// Back is blue, forth is amber: what is passed over is not read at all.
function Change({ records }: OffsetChange) {
  if (records === undefined) return null;
  const by = BigInt(records);
  return (
    <span class={by < 0n ? 'back' : by > 0n ? 'warn-ink' : 'dimmer'}>
      {by < 0n ? '−' : by > 0n ? '+' : ''}
      <Num value={by < 0n ? -by : by} />
    </span>
  );
}

const place: Column<OffsetChange>[] = [
  { key: 'topic', head: 'Topic', cell: ({ topic }) => <Name text={topic} /> },
  { key: 'partition', head: 'Partition', num: true, cell: ({ partition }) => partition },
];
const offsets: Column<OffsetChange>[] = [
  ...place,
  { key: 'from', head: 'Now', num: true, cell: ({ from }) => offset(from, true) },
  { key: 'to', head: 'Then', num: true, cell: ({ to }) => offset(to, false) },
  { key: 'change', head: 'Change', num: true, cell: Change },
];
const deletions: Column<OffsetChange>[] = [
  ...place,
  { key: 'from', head: 'Start', num: true, cell: ({ from }) => offset(from, true) },
  { key: 'to', head: 'Then', num: true, cell: ({ to }) => offset(to, false) },
  {
    key: 'records',
    head: 'Deleted',
    num: true,
    cell: ({ records }) => (records === undefined ? null : <Num value={records} />),
  },
];

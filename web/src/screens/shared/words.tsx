// States and policies in people's words, with the tone that goes with them. No state is said by colour alone.
import type { BrokerState, GroupState, Topic } from '../../api/types.gen';
import { duration, type Int } from '../../ui/text';

const groupTones: Partial<Record<GroupState, string>> = {
  Stable: 'ok',
  PreparingRebalance: 'warn',
  CompletingRebalance: 'warn',
  Assigning: 'warn',
  Reconciling: 'warn',
  NotReady: 'warn',
  Dead: 'bad',
};
const groupWords: Partial<Record<GroupState, string>> = {
  PreparingRebalance: 'Preparing rebalance',
  CompletingRebalance: 'Completing rebalance',
  NotReady: 'Not ready',
};
export const GroupStateTag = ({ state }: { state: GroupState }) => (
  <span class={`tag ${groupTones[state] ?? ''}`}>{groupWords[state] ?? state}</span>
);

const brokerTones: Record<BrokerState, string> = { active: 'ok', fenced: 'bad', stopping: 'warn' };
export const BrokerStateTag = ({ state }: { state: BrokerState }) => (
  <span class={`tag ${brokerTones[state]}`}>{state}</span>
);

// What a topic lacks, the worst first; nothing for one that lacks nothing.
export function TopicTags({ topic }: { topic: Topic }) {
  if (topic.leaderless > 0) return <span class="tag bad">{topic.leaderless} without leader</span>;
  if (topic.under_min_isr > 0) return <span class="tag bad">{topic.under_min_isr} below min in sync</span>;
  if (topic.short_of_replicas > 0) return <span class="tag warn">{topic.short_of_replicas} short of replicas</span>;
  return null;
}

// How long records are kept: "7 d", "for ever"; nothing where the cleanup deletes none by age.
export function Kept({ ms, cleanup }: { ms: Int; cleanup: string[] }) {
  if (!cleanup.includes('delete')) return null;
  if (Number(ms) < 0) return <>for ever</>;
  const { value, unit } = duration(ms);
  return <span title={`retention.ms=${ms}`}>{`${value} ${unit}`}</span>;
}

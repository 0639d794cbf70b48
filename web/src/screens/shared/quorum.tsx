// Who leads the metadata, and how far the others are behind.
import type { Quorum, QuorumNode } from '../../api/types.gen';
import { href } from '../../router';
import { Num } from '../../ui/number';
import { Table, type Column } from '../../ui/table';
import { Time } from '../../ui/time';

const columns: Column<QuorumNode>[] = [
  {
    key: 'id',
    head: 'Node',
    cell: ({ id }) => (
      <a class="name" href={href('broker', { broker: String(id) })}>
        {id}
      </a>
    ),
  },
  {
    key: 'role',
    head: 'Part',
    cell: ({ role }) => <span class={`tag ${role === 'leader' ? 'accent' : ''}`}>{role}</span>,
  },
  { key: 'end', head: 'End', num: true, cell: ({ log_end }) => <Num value={log_end} /> },
  { key: 'behind', head: 'Behind', num: true, cell: ({ behind }) => <Num value={behind} /> },
  {
    key: 'seen',
    head: 'Caught up',
    num: true,
    hide: 'mid',
    cell: ({ caught_up_at }) =>
      caught_up_at === undefined ? (
        ''
      ) : (
        <span class="dim">
          <Time ms={caught_up_at} />
        </span>
      ),
  },
];

export function QuorumFacts({ quorum }: { quorum: Quorum }) {
  return (
    <>
      <Table
        label="Nodes of the metadata quorum"
        columns={columns}
        rows={quorum.nodes}
        rowKey={(node) => String(node.id)}
      />
      <p class="more">
        {quorum.leader === undefined ? (
          <span class="bad-ink">No node leads: metadata cannot change. </span>
        ) : (
          `Node ${quorum.leader} leads in epoch ${quorum.epoch}. `
        )}
        Committed up to <Num value={quorum.high_watermark} />.
      </p>
    </>
  );
}

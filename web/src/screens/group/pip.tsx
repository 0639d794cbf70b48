import type { GroupDetail } from '../../api/types.gen';

const PIPS = 6; // colours there are

// Members are told apart by a colour beside their name, in the order in which the server lists them.
export const pipOf = (group: GroupDetail, member: string | undefined): number =>
  group.members.findIndex(({ id }) => id === member) % PIPS;

export const Pip = ({ of }: { of: number }) => (
  <i class="pip" style={of < 0 ? {} : { background: `var(--pip${of})` }} />
);

// Java's way of writing an address has a slash before it.
export const address = (host: string): string => host.replace(/^\//, '');

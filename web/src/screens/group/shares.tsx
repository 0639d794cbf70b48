// Whose share of the lag is whose.
import type { GroupDetail, GroupMember } from '../../api/types.gen';
import { Icon } from '../../icons';
import { Bar } from '../../ui/bar';
import { Name } from '../../ui/name';
import { Num, Unit, Unknown } from '../../ui/number';
import { sorted } from '../../ui/order';
import { Panel } from '../../ui/panel';
import { plural } from '../../ui/text';
import { address, Pip, pipOf } from './pip';

const SHOWN = 3;
const MOSTLY = 0.5; // from this share on, one partition is the cause

export function MemberShares({ group }: { group: GroupDetail }) {
  const shown = sorted(group.members, ({ lag }) => lag, true).slice(0, SHOWN);
  const rest = group.members.length - shown.length;
  return (
    <Panel title="Members" end="share of the lag">
      <ul class="members">
        {shown.map((member) => (
          <Share group={group} member={member} key={member.id} />
        ))}
      </ul>
      {rest > 0 && <p class="more">and {rest} more, each with less of it</p>}
      <Hint group={group} />
    </Panel>
  );
}

function Share({ group, member }: { group: GroupDetail; member: GroupMember }) {
  const all = Number(group.lag ?? 0);
  const share = all > 0 ? Number(member.lag ?? 0) / all : 0;
  const partitions = member.assigned.length;
  return (
    <li>
      <Pip of={pipOf(group, member.id)} />
      <div class="grow">
        <div class="row">
          <b class="clip" title={member.id}>
            <Name text={member.instance ?? member.client} />
          </b>
          <span class="dimmer small clip">
            <Name text={address(member.host)} />
          </span>
          <span class="grow" />
          {member.lag === undefined ? (
            <Unknown why="the leader of one of its partitions does not answer" />
          ) : (
            <Num value={member.lag} />
          )}
        </div>
        <div class="row">
          <Bar share={share} wide />
          <span class="small dim percent">
            {Math.round(share * 100)}
            <Unit>%</Unit>
          </span>
        </div>
        <p class="small dimmer">
          {partitions} {plural(partitions, 'partition')}
        </p>
      </div>
    </li>
  );
}

// One partition with most of the lag is a matter of keys, not of members.
function Hint({ group: { lag, most_behind: worst, partitions } }: { group: GroupDetail }) {
  const share = worst?.lag === undefined || !lag ? 0 : Number(worst.lag) / Number(lag);
  if (!worst || share < MOSTLY || partitions < 2) return null;
  return (
    <div class="note">
      <Icon name="bolt" />
      <p>
        <b>{Math.round(share * 100)} % of the lag is one partition,</b> <Name text={worst.topic} />-{worst.partition}.
        More members will not help: either its keys are uneven or its reader is slow.
      </p>
    </div>
  );
}

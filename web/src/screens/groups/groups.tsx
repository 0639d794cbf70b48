// Every consumer group of the cluster.
import { useAnswer } from '../../api/live';
import { usePages } from '../../api/pages';
import type { Cluster, Group, GroupPage } from '../../api/types.gen';
import { href, see, type Place } from '../../router';
import { Filter } from '../../ui/field';
import { Num } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Failure, NotRefreshed } from '../../ui/state';
import { Choice, type Tab } from '../../ui/tabs';
import { plural } from '../../ui/text';
import { ScrollTable } from '../../ui/table';
import { NotAsked } from '../shared/not_asked';
import { columns } from './columns';

const REBALANCING = 'PreparingRebalance,CompletingRebalance,Assigning,Reconciling';

export default function Groups({ place }: { place: Place<'groups'> }) {
  const { q, state, type, sort, at } = place.query;
  const cluster = useAnswer<Cluster>('/cluster').data;
  const groups = usePages<Group, GroupPage>('/groups', { q, state, type, sort });
  const refused = groups.trouble?.problem?.status === 400 ? groups.trouble : undefined;
  return (
    <>
      <div class="head">
        <h1>Groups</h1>
        {cluster && (
          <span class="about">
            <Num value={cluster.groups ?? 0} /> {plural(cluster.groups ?? 0, 'group')}
          </span>
        )}
      </div>
      <div class="row tools">
        <Filter
          value={q}
          hint="Filter by name, or /^a.*v1$/"
          wrong={refused?.message}
          onInput={(text) => see(place, { q: text, at: 0 }, { replace: true })}
        />
        <Choice label="Which groups" now={state || 'all'} choices={choices(place, groups.head)} />
        {(q || state) && groups.total !== undefined && !groups.old && (
          <span class="dim" role="status">
            <Num value={groups.total} /> of them
          </span>
        )}
      </div>
      {groups.head && <NotAsked brokers={groups.head.not_asked} />}
      {!refused && <NotRefreshed of={groups} />}
      <Panel fill>
        {groups.trouble && !refused && groups.total === undefined ? (
          <Failure trouble={groups.trouble} retry={groups.reload} />
        ) : groups.total === 0 && !refused ? (
          <NoGroups place={place} />
        ) : (
          <ScrollTable
            label="Groups"
            columns={columns}
            total={groups.total}
            row={groups.row}
            rowKey={({ name }) => name}
            sort={sort || 'name'}
            order={`${q}|${state}|${type}`}
            onSort={(next) => see(place, { sort: next === 'name' ? '' : next, at: 0 })}
            want={groups.want}
            at={at}
            onAt={(index) => see(place, { at: index }, { replace: true })}
            old={groups.old}
          />
        )}
      </Panel>
    </>
  );
}

function choices(place: Place<'groups'>, page: GroupPage | undefined): Tab[] {
  const to = (state: string, label: string, count?: number): Tab => ({
    key: state || 'all',
    label,
    count,
    href: href('groups', {}, { ...place.query, state, at: 0 }),
  });
  return [to('', 'All', page?.all), to('Stable', 'Stable'), to('Empty', 'Empty'), to(REBALANCING, 'Rebalancing')];
}

function NoGroups({ place: { query } }: { place: Place<'groups'> }) {
  if (query.q)
    return (
      <Empty title="No group has this in its name">
        Between slashes it is a regular expression. Press Esc in the filter to empty it.
      </Empty>
    );
  if (query.state || query.type) return <Empty title="No group is in this state">Choose All to see the others.</Empty>;
  return (
    <Empty
      title="There are no groups yet"
      command={`kafka-console-consumer --bootstrap-server ${location.hostname}:9092 --topic orders --group my-group`}
    >
      A group appears as soon as a consumer joins it or commits an offset.
    </Empty>
  );
}

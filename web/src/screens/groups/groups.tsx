// Every consumer group of the cluster.
import { useAnswer } from '../../api/live';
import { usePages } from '../../api/pages';
import type { Cluster, Group, GroupPage } from '../../api/types.gen';
import { href, see, type Place } from '../../router';
import { Num } from '../../ui/number';
import { Empty } from '../../ui/state';
import type { Tab } from '../../ui/tabs';
import { plural } from '../../ui/text';
import { ListPage } from '../shared/list_page';
import { NotAsked } from '../shared/not_asked';
import { columns } from './columns';

const REBALANCING = 'PreparingRebalance,CompletingRebalance,Assigning,Reconciling';

export default function Groups({ place }: { place: Place<'groups'> }) {
  const { q, state, type, sort } = place.query;
  const cluster = useAnswer<Cluster>('/cluster').data;
  const groups = usePages<Group, GroupPage>('/groups', { q, state, type, sort });
  return (
    <ListPage
      title="Groups"
      about={
        cluster && (
          <>
            <Num value={cluster.groups ?? 0} /> {plural(cluster.groups ?? 0, 'group')}
          </>
        )
      }
      rows={groups}
      columns={columns}
      seen={place.query}
      see={(change, how) => see(place, change, how)}
      hint="Filter by name, or /^a.*v1$/"
      choice={{ label: 'Which groups', now: state || 'all', choices: choices(place, groups.head) }}
      counted={q !== '' || state !== ''}
      order={`${q}|${state}|${type}`}
      note={groups.head && <NotAsked brokers={groups.head.not_asked} />}
      empty={<NoGroups place={place} />}
    />
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

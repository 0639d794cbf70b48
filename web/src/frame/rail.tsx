import { useAnswer } from '../api/live';
import type { Cluster, HealthStatus } from '../api/types.gen';
import { Icon, Logo, type IconName } from '../icons';
import { href, type Screen } from '../router';
import { session, signOut } from '../session';
import { switchTheme, switchZone, theme } from '../settings';
import { Name } from '../ui/name';
import { Num } from '../ui/number';
import { plural } from '../ui/text';
import { zoneLabel } from '../ui/time';
import { overlay } from './overlay';

const tones: Record<HealthStatus, string> = { ok: '', degraded: 'warn', failed: 'bad' };
const words: Record<HealthStatus, string> = { ok: 'healthy', degraded: 'degraded', failed: 'failing' };

export function Rail({ now }: { now: Screen | undefined }) {
  const { data: cluster } = useAnswer<Cluster>('/cluster');
  return (
    <div class="rail">
      <div class="brand">
        <Logo />
        Thalweg
      </div>
      <a class="cluster" href={href('overview')}>
        <b class="clip">
          <Name text={session.value?.cluster?.name ?? ''} />
        </b>
        <span class="row">
          <i class={`dot ${cluster ? tones[cluster.status] : 'off'}`} />
          {cluster ? `${cluster.brokers} ${plural(cluster.brokers, 'broker')}, ${words[cluster.status]}` : 'asking'}
        </span>
      </a>
      <nav class="nav" aria-label="Main">
        <Item to="overview" icon="overview" label="Overview" now={now === 'overview'} />
        <Item
          to="topics"
          icon="topics"
          label="Topics"
          now={now === 'topics' || now === 'topic'}
          count={cluster?.topics}
        />
        <Item
          to="groups"
          icon="groups"
          label="Groups"
          now={now === 'groups' || now === 'group'}
          count={cluster?.groups}
        />
        <Item to="schemas" icon="schemas" label="Schemas" now={now === 'schemas' || now === 'schema'} />
        <Item to="dead" icon="letter" label="Dead letters" now={now === 'dead' || now === 'queue'} />
      </nav>
      <nav class="nav" aria-labelledby="nav-cluster">
        <h2 id="nav-cluster">Cluster</h2>
        <Item
          to="brokers"
          icon="brokers"
          label="Brokers"
          now={now === 'brokers' || now === 'broker'}
          count={cluster?.brokers}
        />
        <Item to="changed" icon="again" label="Changes" now={now === 'changed'} />
        <Item to="about" icon="about" label="About" now={now === 'about'} />
      </nav>
      <Foot />
    </div>
  );
}

function Item({
  to,
  icon,
  label,
  now,
  count,
}: {
  to: 'overview' | 'topics' | 'groups' | 'schemas' | 'dead' | 'brokers' | 'changed' | 'about';
  icon: IconName;
  label: string;
  now: boolean;
  count?: number | undefined;
}) {
  return (
    <a href={href(to)} aria-current={now ? 'page' : undefined} title={label}>
      <Icon name={icon} />
      {label}
      {count !== undefined && (
        <em>
          <Num value={count} />
        </em>
      )}
    </a>
  );
}

function Foot() {
  const who = session.value!;
  const other = theme() === 'dark' ? 'light' : 'dark';
  return (
    <div class="foot">
      <button class="btn quiet zone" onClick={switchZone} title="Switch between local time and UTC">
        <Icon name="clock" size={14} />
        {zoneLabel()}
      </button>
      <div class="row">
        <span class="grow who">
          <span class="clip">thalweg {who.server.version}</span>
          <br />
          <Name text={who.principal ?? ''} />
        </span>
        <button
          class="btn icon quiet"
          aria-label="All keys"
          title="All keys (?)"
          onClick={() => (overlay.value = 'keys')}
        >
          <Icon name="keys" />
        </button>
        {who.sign_in !== 'none' && (
          <button class="btn icon quiet" aria-label="Sign out" title="Sign out" onClick={() => void signOut()}>
            <Icon name="out" />
          </button>
        )}
        <button
          class="btn icon quiet"
          aria-label={`Switch to the ${other} theme`}
          title={`Switch to the ${other} theme`}
          onClick={switchTheme}
        >
          <Icon name={other === 'dark' ? 'moon' : 'sun'} />
        </button>
      </div>
    </div>
  );
}

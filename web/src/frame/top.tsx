import { cutSince, paused } from '../api/live';
import { Icon } from '../icons';
import { href, type Place, type Screen } from '../router';
import { session } from '../session';
import { Name } from '../ui/name';
import { Time } from '../ui/time';
import { overlay } from './overlay';
import { nameIn, titleOf } from './titles';

const listOf: Partial<Record<Screen, 'topics' | 'groups' | 'schemas' | 'dead' | 'brokers'>> = {
  topic: 'topics',
  group: 'groups',
  schema: 'schemas',
  queue: 'dead',
  broker: 'brokers',
};

export function Top({ place }: { place: Place | undefined }) {
  const list = place && listOf[place.screen];
  const name = place && nameIn(place);
  return (
    <div class="top">
      <nav class="crumbs" aria-label="Where you are">
        <a href={href('overview')}>
          <Name text={session.value?.cluster?.name ?? ''} />
        </a>
        {list && <Crumb href={href(list)}>{titleOf(list)}</Crumb>}
        {place && (
          <>
            <Icon name="next" size={12} />
            <b>{name === undefined ? titleOf(place.screen) : <Name text={name} />}</b>
          </>
        )}
      </nav>
      <Freshness />
      <button class="jump" onClick={() => (overlay.value = 'jump')}>
        <Icon name="search" size={14} />
        <span class="clip">Jump to a topic, group, broker</span>
        <kbd>Ctrl K</kbd>
      </button>
    </div>
  );
}

function Crumb({ href: to, children }: { href: string; children: string }) {
  return (
    <>
      <Icon name="next" size={12} />
      <a href={to}>{children}</a>
    </>
  );
}

// Says when what is shown is old, and why.
function Freshness() {
  const since = cutSince.value;
  return (
    <span role="status" class="stale small">
      {since !== undefined && (
        <>
          No answer; as of <Time ms={since} />
        </>
      )}
      {since === undefined && paused.value && 'Paused; press l to go on'}
    </span>
  );
}

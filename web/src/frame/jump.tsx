// What the palette finds here: names that the server knows, screens, and things to do.
import { address, get } from '../api/client';
import { paused } from '../api/live';
import type { Name, NameKind, NameList } from '../api/types.gen';
import type { IconName } from '../icons';
import { go, href } from '../router';
import { session } from '../session';
import { switchTheme, switchZone, theme, zone } from '../settings';
import { copy } from '../ui/copy';
import { Palette, type Finding, type Found } from '../ui/palette';

const groups: Record<NameKind, { group: string; icon: IconName }> = {
  topic: { group: 'Topics', icon: 'topics' },
  group: { group: 'Groups', icon: 'groups' },
  broker: { group: 'Brokers', icon: 'brokers' },
  option: { group: 'Options', icon: 'option' },
};
const order = Object.keys(groups) as NameKind[];

function hrefOf({ kind, name }: Name): string {
  if (kind === 'topic') return href('topic', { topic: name });
  if (kind === 'group') return href('group', { group: name });
  if (kind === 'broker') return href('broker', { broker: name });
  return href(
    'broker',
    { broker: String(session.peek()?.broker ?? 0), tab: 'configuration' },
    { q: name, option: name },
  );
}

const foundOf = (name: Name): Found => ({
  ...groups[name.kind],
  name: name.name,
  detail: name.detail,
  href: hrefOf(name),
});

function acts(): Found[] {
  const to = (name: string, icon: IconName, where: string): Found => ({ group: 'Go to', name, icon, href: where });
  const act = (name: string, icon: IconName, what: () => void): Found => ({ group: 'Do', name, icon, act: what });
  return [
    to('Overview', 'overview', href('overview')),
    to('Topics', 'topics', href('topics')),
    to('Topics that need attention', 'warn', href('topics', {}, { show: 'attention' })),
    to('Groups', 'groups', href('groups')),
    to('Schemas', 'schemas', href('schemas')),
    to('Dead letters', 'letter', href('dead')),
    to('Brokers', 'brokers', href('brokers')),
    to('About', 'about', href('about')),
    act(
      theme() === 'dark' ? 'Use the light theme' : 'Use the dark theme',
      theme() === 'dark' ? 'sun' : 'moon',
      switchTheme,
    ),
    act(zone.peek() === 'utc' ? 'Show times in local time' : 'Show times in UTC', 'clock', switchZone),
    act(paused.peek() ? 'Go on' : 'Pause', 'again', () => (paused.value = !paused.peek())),
    act('Copy the link to this screen', 'copy', () => void copy(location.href, 'the link')),
  ];
}

// Names first, since they are what is looked for; without a text, screens and acts first.
async function find(text: string, signal: AbortSignal): Promise<Finding> {
  const low = text.trim().toLowerCase();
  const here = acts().filter(({ name }) => name.toLowerCase().includes(low));
  const list = await get<NameList>(address('/names', { q: text.trim(), limit: 20 }), signal);
  const names = order.flatMap((kind) => list.items.filter((one) => one.kind === kind)).map(foundOf);
  return { total: list.total, items: low ? [...names, ...here] : [...here, ...names] };
}

export function Jump({ onClose }: { onClose: () => void }) {
  const open = (found: Found, inNewTab: boolean) => {
    if (found.href && inNewTab) window.open(found.href, '_blank', 'noopener');
    else if (found.href) go(found.href);
    else found.act?.();
    onClose();
  };
  return <Palette find={find} open={open} onClose={onClose} />;
}

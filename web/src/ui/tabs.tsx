// Tabs are links: each is an address of its own. [ and ] go to the one before and the one after.
import { useKeys } from '../keys';
import { go } from '../router';
import { Num } from './number';

export interface Tab {
  key: string;
  label: string;
  href: string;
  count?: number | undefined;
}

export function Tabs({ tabs, now, label }: { tabs: Tab[]; now: string; label: string }) {
  const turn = (by: number) => {
    const to = tabs[tabs.findIndex((tab) => tab.key === now) + by];
    if (to) go(to.href);
  };
  useKeys({ '[': () => turn(-1), ']': () => turn(1) });
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a href={tab.href} key={tab.key} aria-current={tab.key === now ? 'page' : undefined}>
          {tab.label}
          {tab.count !== undefined && (
            <em>
              <Num value={tab.count} />
            </em>
          )}
        </a>
      ))}
    </nav>
  );
}

// One of a few: which rows are shown. Also links, since the choice is in the address.
export function Choice({ choices, now, label }: { choices: Tab[]; now: string; label: string }) {
  return (
    <nav class="seg" aria-label={label}>
      {choices.map((one) => (
        <a href={one.href} key={one.key} aria-current={one.key === now ? 'true' : undefined}>
          {one.label}
          {one.count !== undefined && <Num value={one.count} />}
        </a>
      ))}
    </nav>
  );
}

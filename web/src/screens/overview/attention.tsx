// What needs somebody, the most urgent first, each with the way to it.
import type { Attention, AttentionList, Severity } from '../../api/types.gen';
import { Icon, type IconName } from '../../icons';
import { href } from '../../router';
import { Sentence } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Time } from '../../ui/time';

const icons: Record<Severity, { icon: IconName; tone: string }> = {
  bad: { icon: 'bad', tone: 'bad-ink' },
  warn: { icon: 'warn', tone: 'warn-ink' },
  note: { icon: 'about', tone: 'dimmer' },
};

export function NeedsAttention({ list }: { list: AttentionList }) {
  const worst = list.items[0]?.severity;
  return (
    <Panel
      title="Needs attention"
      count={list.total > 0 && <span class={`tag ${worst === 'note' ? '' : worst}`}>{list.total}</span>}
      end={
        <>
          checked <Time ms={list.as_of} />
        </>
      }
    >
      {list.items.length === 0 && (
        <p class="calm">
          <span class="ok-ink">
            <Icon name="ok" />
          </span>
          Nothing. Every partition is led and in sync, and every broker answers.
        </p>
      )}
      <ul class="attention">
        {list.items.slice(0, 6).map((item) => (
          <AttentionItem item={item} key={item.id} />
        ))}
      </ul>
      {list.total > 6 && <p class="more">and {list.total - 6} more, of the same or less urgency</p>}
    </Panel>
  );
}

function AttentionItem({ item }: { item: Attention }) {
  const { icon, tone } = icons[item.severity];
  const to = placeOfItem(item);
  return (
    <li>
      <span class={tone}>
        <Icon name={icon} />
      </span>
      <div class="grow">
        <b>
          <Sentence text={item.sentence} />
        </b>
        {item.detail && (
          <p>
            <Sentence text={item.detail} />
          </p>
        )}
      </div>
      {to && (
        <a class="go link" href={to.href}>
          {to.label}
          <Icon name="go" size={14} />
        </a>
      )}
    </li>
  );
}

function placeOfItem({ kind, name }: Attention): { href: string; label: string } | undefined {
  if (kind === 'topic' || kind === 'partition') return { href: href('topic', { topic: name }), label: 'Open topic' };
  if (kind === 'group') return { href: href('group', { group: name }), label: 'Open group' };
  if (kind === 'broker') return { href: href('broker', { broker: name }), label: 'Open broker' };
  return undefined;
}

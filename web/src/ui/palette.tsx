// Jumps to anything by a part of its name. It knows no screens: what is found, and what it means, is given to it.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from '../icons';
import { useModal } from './dialog';
import { Name } from './name';
import { Num } from './number';

export interface Found {
  group: string; // the heading: Topics
  icon: IconName;
  name: string;
  detail?: string | undefined;
  href?: string; // a place, or
  act?: () => void; // something to do
}

export interface Finding {
  total: number;
  items: Found[];
}

interface PaletteProps {
  find: (text: string, signal: AbortSignal) => Promise<Finding>;
  open: (found: Found, inNewTab: boolean) => void;
  onClose: () => void;
}

export function Palette({ find, open, onClose }: PaletteProps) {
  const [text, setText] = useState('');
  const { finding, of, trouble, took } = useFinding(find, text);
  const [chosen, choose] = useState(0);
  const id = useId();
  const items = finding?.items ?? [];
  const now = Math.min(chosen, items.length - 1);
  const modal = useModal(onClose);
  const list = useRef<HTMLDivElement>(null);
  // Enter means what was typed: struck before the answer to it is here, it waits for that.
  const struck = useRef<{ text: string; inNewTab: boolean } | undefined>(undefined);
  useEffect(() => {
    const waiting = struck.current;
    if (!waiting || of !== waiting.text || waiting.text !== text) return;
    struck.current = undefined;
    if (items[0]) open(items[0], waiting.inNewTab);
  }, [of]);
  useEffect(
    () => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' }),
    [now, finding],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined && items.length) choose((now + by + items.length) % items.length);
    else if (event.key !== 'Enter') return;
    else if (of !== text) struck.current = { text, inNewTab: event.ctrlKey || event.metaKey };
    else if (items[now]) open(items[now], event.ctrlKey || event.metaKey);
    event.preventDefault();
  };
  return (
    <dialog class="pal fades" aria-label="Jump" {...modal}>
      <div class="q">
        <Icon name="search" />
        <input
          autofocus
          type="text"
          role="combobox"
          aria-label="Jump to a topic, group, broker or option"
          aria-expanded="true"
          aria-controls={`${id}list`}
          aria-activedescendant={now >= 0 ? `${id}${now}` : undefined}
          placeholder="Jump to a topic, group, broker or option"
          spellcheck={false}
          autocomplete="off"
          value={text}
          onInput={(event) => {
            setText(event.currentTarget.value);
            choose(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div class="found" role="listbox" aria-label="Found" id={`${id}list`} ref={list}>
        {sections(items).map(({ group, from, members }) => (
          <div role="group" aria-label={group} key={group}>
            <h2 aria-hidden="true">{group}</h2>
            {members.map((one, index) => (
              <div
                role="option"
                id={`${id}${from + index}`}
                key={one.name}
                aria-selected={from + index === now}
                onPointerMove={() => choose(from + index)}
                onClick={(event) => open(one, event.ctrlKey || event.metaKey)}
              >
                <Icon name={one.icon} />
                <b>
                  <Marked name={one.name} part={text} />
                </b>
                {one.detail && (
                  <span class="end">
                    <Name text={one.detail} />
                  </span>
                )}
              </div>
            ))}
          </div>
        ))}
      </div>
      {items.length === 0 && finding && <p class="none">Nothing has “{text}” in its name.</p>}
      {trouble && <p class="none">{trouble}</p>}
      <footer>
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd>choose
        </span>
        <span>
          <kbd>Enter</kbd>open
        </span>
        <span>
          <kbd>Ctrl Enter</kbd>in a new tab
        </span>
        {finding && (
          <span class="end">
            <span>
              <Num value={finding.total} /> found, {took} ms
            </span>
          </span>
        )}
      </footer>
    </dialog>
  );
}

// Asks anew at every letter, and drops what is still on its way.
function useFinding(find: PaletteProps['find'], text: string) {
  const [state, setState] = useState<{ finding?: Finding; of?: string; trouble?: string; took: number }>({ took: 0 });
  useEffect(() => {
    const abort = new AbortController();
    const begun = performance.now();
    find(text, abort.signal).then(
      (finding) =>
        !abort.signal.aborted && setState({ finding, of: text, took: Math.round(performance.now() - begun) }),
      (error: Error) => !abort.signal.aborted && setState((last) => ({ ...last, trouble: error.message })),
    );
    return () => abort.abort();
  }, [text]);
  return state;
}

// Items of one heading, in the order in which headings come.
export function sections(items: readonly Found[]): { group: string; from: number; members: Found[] }[] {
  const found: { group: string; from: number; members: Found[] }[] = [];
  items.forEach((item, index) => {
    const last = found.at(-1);
    if (last?.group === item.group) last.members.push(item);
    else found.push({ group: item.group, from: index, members: [item] });
  });
  return found;
}

function Marked({ name, part }: { name: string; part: string }) {
  const at = part ? name.toLowerCase().indexOf(part.toLowerCase()) : -1;
  if (at < 0) return <Name text={name} />;
  return (
    <>
      {at > 0 && <Name text={name.slice(0, at)} />}
      <mark>
        <Name text={name.slice(at, at + part.length)} />
      </mark>
      {at + part.length < name.length && <Name text={name.slice(at + part.length)} />}
    </>
  );
}

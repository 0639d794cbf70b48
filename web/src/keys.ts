// Keys that act without a pointer. The screen on top gets them first; while somebody types, only Escape and those with
// Ctrl count. `g o` is two keys within a second.
import { useLayoutEffect, useRef } from 'preact/hooks';

type Acts = Record<string, (event: KeyboardEvent) => void>;

const stack: { acts: Acts }[] = [];
let first = ''; // of two, and when it was struck
let firstAt = 0;
const TOGETHER_MS = 1000;

// The name of a key as in the tables: "j", "?", "Ctrl k", "ArrowDown".
export function nameOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  const control = event.ctrlKey || event.metaKey;
  return (control ? 'Ctrl ' : '') + (event.altKey ? 'Alt ' : '') + (control ? event.key.toLowerCase() : event.key);
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');

// What a modal dialog covers gets no keys; its own acts are looked for in it alone.
const covered = (): boolean => document.querySelector('dialog[open]') !== null;

function find(name: string): Acts[string] | undefined {
  for (const { acts } of [...stack].reverse()) if (acts[name]) return acts[name];
  return undefined;
}

function strike(event: KeyboardEvent): void {
  const name = nameOf(event);
  if (event.defaultPrevented || covered() || (typing(event.target) && !name.startsWith('Ctrl '))) return;
  const pair = event.timeStamp - firstAt < TOGETHER_MS ? find(`${first} ${name}`) : undefined;
  const act = pair ?? find(name);
  first = pair ? '' : name;
  firstAt = event.timeStamp;
  if (!act) return;
  event.preventDefault();
  act(event);
}

export const startKeys = (): void => document.addEventListener('keydown', strike);

// While the component is there, these keys are its own; of two that want the same key, the one that came last has it.
export function useKeys(acts: Acts): void {
  const latest = useRef<{ acts: Acts }>({ acts });
  latest.current.acts = acts;
  // With the element, not a moment later: a key in between would be somebody else's.
  useLayoutEffect(() => {
    const mine = latest.current;
    stack.push(mine);
    return () => {
      stack.splice(stack.indexOf(mine), 1);
    };
  }, []);
}

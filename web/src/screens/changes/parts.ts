// An act that the server does in parts, each some seconds long: the same request goes on while something is left, with
// where the part before ended. How far it came is said in between, and a stop ends it behind the part that is under way.
import { useRef, useState } from 'preact/hooks';
import type { Plan } from '../../api/types.gen';

export interface Parts {
  said: string; // how far it came; empty before there is a second part
  all(): Promise<string | undefined>; // what was done, in words; undefined: refused
  stop(): void;
}

type Apply = (from?: string) => Promise<Plan | undefined>;

export function useParts(apply: Apply): Parts {
  const [said, say] = useState('');
  const stopped = useRef(false);
  const all = async () => {
    stopped.current = false;
    try {
      return await inParts(apply, () => stopped.current, say);
    } finally {
      say('');
    }
  };
  return { said, all, stop: () => (stopped.current = true) };
}

// Without its parts an act is done with the first.
export async function inParts(
  apply: Apply,
  isStopped: () => boolean,
  say: (said: string) => void,
): Promise<string | undefined> {
  let sent = 0;
  let next: string | undefined;
  for (let part = 1; ; ++part) {
    const done = await apply(next);
    if (!done) return undefined; // the drawer shows why
    const left = Number(done.replay?.left ?? 0);
    next = done.replay?.next;
    sent += Number(done.replay?.letters ?? 0);
    const rest = left > 0 ? `, ${left} left` : next !== undefined ? ', more are left' : '';
    if (!rest && part === 1) return done.title;
    if (!rest || isStopped()) return `${sent} sent back${rest}`;
    say(`${sent} sent${rest}`);
  }
}

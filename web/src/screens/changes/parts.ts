// An act that the server does in parts, each some seconds long: the same request goes on while something is left. How far
// it came is said in between, and a stop ends it behind the part that is under way.
import { useRef, useState } from 'preact/hooks';
import type { Plan } from '../../api/types.gen';

export interface Parts {
  said: string; // how far it came; empty before there is a second part
  all(): Promise<string | undefined>; // what was done, in words; undefined: refused
  stop(): void;
}

export function useParts(apply: () => Promise<Plan | undefined>): Parts {
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
  apply: () => Promise<Plan | undefined>,
  isStopped: () => boolean,
  say: (said: string) => void,
): Promise<string | undefined> {
  let sent = 0;
  for (let part = 1; ; ++part) {
    const done = await apply();
    if (!done) return undefined; // the drawer shows why
    const left = Number(done.replay?.left ?? 0);
    sent += Number(done.replay?.letters ?? 0);
    if (left === 0 || isStopped()) return part === 1 && left === 0 ? done.title : `${sent} sent back${left > 0 ? `, ${left} left` : ''}`;
    say(`${sent} sent, ${left} left`);
  }
}

// A change as it is being planned: the server says what it would do, each time the request changes, and it is carried out
// with the plan that was seen.
import { useEffect, useRef, useState } from 'preact/hooks';
import { change, dryRun, type Trouble } from './client';
import { writeExact } from './exact';
import { tick } from './live';
import type { Plan } from './types.gen';

const TYPING_MS = 250; // a request is planned when it has stood still for so long

export interface Change {
  method: 'POST' | 'PATCH' | 'DELETE';
  path: string;
  body?: unknown;
}

export interface Planning {
  plan?: Plan; // of the request as it is now
  trouble?: Trouble; // why there is none, or why it was not carried out
  busy: boolean; // another one is on its way
  again(): void;
  // Carries out the plan that is shown. Where it has become another one, that is shown instead.
  // `from`: the same request goes on where an act of it ended.
  apply(from?: string): Promise<Plan | undefined>;
}

interface Answered {
  of: string;
  plan?: Plan;
  trouble?: Trouble;
  outdated?: boolean; // the trouble is that the plan was not true any more
}

// That a plan was outdated is still said when the new one is there.
const outdated = (before: Answered, key: string): Partial<Answered> =>
  before.of === key && before.outdated && before.trouble ? { trouble: before.trouble, outdated: true } : {};

// undefined: the request is not complete yet.
export function usePlan(wanted: Change | undefined): Planning {
  const key = wanted ? writeExact([wanted.method, wanted.path, wanted.body]) : '';
  const [answered, take] = useState<Answered>({ of: '' });
  const [turn, setTurn] = useState(0);
  const [acting, setActing] = useState(false);
  const first = useRef(true);
  const mine = answered.of === key ? answered : undefined;
  // What stands in the way may go: then it is looked at again.
  const beat = mine?.plan?.blocked_by.length ? tick.value : 0;
  useEffect(() => {
    if (!wanted) return;
    const abort = new AbortController();
    const wait = first.current ? 0 : TYPING_MS;
    first.current = false;
    const timer = setTimeout(() => {
      dryRun<Plan>(wanted.method, wanted.path, wanted.body, abort.signal).then(
        (plan) => take((before) => ({ of: key, plan, ...outdated(before, key) })),
        (trouble: Trouble) => abort.signal.aborted || take({ of: key, trouble }),
      );
    }, wait);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key, turn, beat]);
  const again = () => setTurn((n) => n + 1);
  const apply = async (from?: string): Promise<Plan | undefined> => {
    if (!wanted || !mine?.plan || acting) return undefined;
    setActing(true);
    try {
      const body = from === undefined ? wanted.body : { ...(wanted.body as object), from };
      return await change<Plan>(wanted.method, wanted.path, body, mine.plan.plan);
    } catch (refused) {
      const trouble = refused as Trouble;
      const isOld = trouble.problem?.status === 409;
      // What was refused as outdated is not shown any more: another one is on its way.
      take({ of: key, trouble, ...(isOld ? { outdated: true } : { plan: mine.plan }) });
      if (isOld) again();
      return undefined;
    } finally {
      setActing(false);
    }
  };
  return {
    ...(mine?.plan ? { plan: mine.plan } : {}),
    ...(mine?.trouble ? { trouble: mine.trouble } : {}),
    busy: acting || (wanted !== undefined && !mine),
    again,
    apply,
  };
}

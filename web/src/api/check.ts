// Whether a text that is being typed could be registered, as the registry says it: asked for when it has stood still for
// a moment, and the last answer stays until the next one is there.
import { useEffect, useState } from 'preact/hooks';
import { at, post, type Trouble } from './client';
import { writeExact } from './exact';
import type { NewSchema, SchemaCheck } from './types.gen';

const TYPING_MS = 250;

export interface Checking {
  check?: SchemaCheck;
  took?: number; // milliseconds, with the way there and back
  trouble?: Trouble;
  busy: boolean; // it is of a text before
}

// undefined: there is nothing to check yet.
export function useCheck(subject: string, wanted: NewSchema | undefined): Checking {
  const key = wanted ? writeExact([subject, wanted]) : '';
  const [answered, take] = useState<{ of: string; check?: SchemaCheck; took?: number; trouble?: Trouble }>({ of: '' });
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    const timer = setTimeout(() => {
      const begun = performance.now();
      post<SchemaCheck>(at`/schemas/${subject}/check`, wanted).then(
        (check) => gone || take({ of: key, check, took: performance.now() - begun }),
        (trouble: Trouble) => gone || take({ of: key, trouble }),
      );
    }, TYPING_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [key]);
  const { of, ...rest } = answered;
  return wanted ? { ...rest, busy: of !== key } : { busy: false };
}

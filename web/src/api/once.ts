// An answer that does not change, or is too large to be asked for again and again: asked for once, and when somebody
// wants it.
import { useEffect, useState } from 'preact/hooks';
import { get, type Trouble } from './client';

export interface Once<T> {
  data?: T;
  trouble?: Trouble;
  reload(): void;
}

// The answer to GET `path`; of the path before nothing is left.
export function useOnce<T>(path: string): Once<T> {
  const [answer, set] = useState<{ of: string; data?: T; trouble?: Trouble }>({ of: '' });
  const [wanted, want] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    get<T>(path, abort.signal).then(
      (data) => set({ of: path, data }),
      (trouble: Trouble) => abort.signal.aborted || set({ of: path, trouble }),
    );
    return () => abort.abort();
  }, [path, wanted]);
  const reload = () => want((n) => n + 1);
  if (answer.of !== path) return { reload };
  return {
    ...(answer.data === undefined ? {} : { data: answer.data }),
    ...(answer.trouble ? { trouble: answer.trouble } : {}),
    reload,
  };
}

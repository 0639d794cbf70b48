// What stands where data would: nothing there, or no answer. Both say what to do next.
import type { ComponentChildren } from 'preact';
import type { Trouble } from '../api/client';
import { Icon } from '../icons';
import { Copy } from './copy';
import { sentence } from './text';
import { Time } from './time';

export function Empty({ title, children, command }: { title: string; children?: ComponentChildren; command?: string }) {
  return (
    <div class="void fades">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {command && (
        <div class="cmd">
          <code class="mono" tabIndex={0}>
            {command}
          </code>
          <Copy text={command} what="the command" />
        </div>
      )}
    </div>
  );
}

export function Failure({ trouble, retry }: { trouble: Trouble; retry: () => void }) {
  const { code, broker } = trouble.problem ?? {};
  const who = broker === undefined ? undefined : `Answered by broker ${broker}.`;
  return (
    <div class="void fades" role="alert">
      <h2 class="row">
        <span class="bad-ink">
          <Icon name="bad" />
        </span>
        {sentence(trouble.message).replace(/\.$/, '')}
      </h2>
      {code && <span class="tag bad">{code}</span>}
      {(trouble.hint || who) && <p>{[trouble.hint && sentence(trouble.hint), who].filter(Boolean).join(' ')}</p>}
      <div class="row">
        <button class="btn" onClick={retry}>
          <Icon name="again" size={14} />
          Ask again
        </button>
      </div>
    </div>
  );
}

// Heads are there at once; their rows show as hairlines, after a moment.
export function Waiting({ lines = 4 }: { lines?: number }) {
  return (
    <div class="waiting" aria-busy="true">
      <span class="seen-not">Loading</span>
      {Array.from({ length: lines }, () => (
        <i />
      ))}
    </div>
  );
}

// Data that could not be asked for anew, because the server refuses: what it says, and how old the data are. When nobody
// answers at all, the top bar says so.
export function NotRefreshed({ of: { trouble, at } }: { of: { trouble?: Trouble; at?: number } }) {
  if (!trouble || trouble.unanswered || at === undefined) return null;
  return (
    <p class="stale small" role="status">
      As of <Time ms={at} />: {sentence(trouble.message)} {trouble.hint && sentence(trouble.hint)}
    </p>
  );
}

// The three of them: data if there is any, else why not.
export function Loaded<T>({
  of,
  lines,
  children,
}: {
  of: { data?: T; trouble?: Trouble; at?: number; reload(): void };
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  if (of.data !== undefined) {
    return (
      <>
        <NotRefreshed of={of} />
        {children(of.data)}
      </>
    );
  }
  if (of.trouble) return <Failure trouble={of.trouble} retry={of.reload} />;
  return <Waiting {...(lines === undefined ? {} : { lines })} />;
}

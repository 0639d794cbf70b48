// Drafts live as long as the tab: going to another screen and back loses none.
import { signal } from '@preact/signals';

const drafts = signal<ReadonlyMap<string, string>>(new Map());

export const draftOf = (subject: string): string | undefined => drafts.value.get(subject);

// undefined: it is given up, or registered.
export function setDraft(subject: string, text: string | undefined): void {
  const next = new Map(drafts.peek());
  if (text === undefined) next.delete(subject);
  else next.set(subject, text);
  drafts.value = next;
}

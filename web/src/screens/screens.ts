// Which file shows a screen. Each is loaded when it is first opened, or before, by loadAhead().
import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { Place, Screen } from '../router';

type Shown<S extends Screen> = ComponentType<{ place: Place<S> }>;
type Loaders = { [S in Screen]: () => Promise<{ default: Shown<S> }> };

const files: Loaders = {
  overview: () => import('./overview/overview'),
  topics: () => import('./topics/topics'),
  topic: () => import('./topic/topic'),
  groups: () => import('./groups/groups'),
  group: () => import('./group/group'),
  schemas: () => import('./schemas/schemas'),
  schema: () => import('./schema/schema'),
  dead: () => import('./dead_letters/dead_letters'),
  queue: () => import('./dead_letters/queue'),
  brokers: () => import('./brokers'),
  broker: () => import('./broker'),
  changed: () => import('./changed'),
  about: () => import('./about'),
};

export type AnyScreen = ComponentType<{ place: Place }>;
// Who is drawn by it is drawn again when more has come, whoever asked for that.
const loaded = signal<ReadonlyMap<Screen, AnyScreen>>(new Map());

export const screenOf = (name: Screen): AnyScreen | undefined => loaded.value.get(name);

export async function loadScreen(name: Screen): Promise<void> {
  const module = (await files[name]()) as { default: unknown };
  loaded.value = new Map(loaded.peek()).set(name, module.default as AnyScreen);
}

// Where the rail leads, and where the rows of its lists do.
const NEXT: Screen[] = ['topics', 'groups', 'overview', 'topic', 'group', 'schemas', 'dead', 'brokers'];

// Brings them one after the other whenever the browser has nothing else to do, so that whoever clicks waits for an answer
// only. What does not come is asked for again when it is opened, and then it is said.
export async function loadAhead(): Promise<void> {
  for (const name of NEXT) {
    await idle();
    if (!loaded.peek().has(name)) await loadScreen(name).catch(() => {});
  }
}

// Safari has no requestIdleCallback.
const idle = (): Promise<unknown> =>
  new Promise((done) =>
    'requestIdleCallback' in globalThis ? requestIdleCallback(done, { timeout: 1000 }) : setTimeout(done, 100),
  );

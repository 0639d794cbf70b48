// Which file shows a screen. Each is loaded when it is first opened.
import type { ComponentType } from 'preact';
import type { Place, Screen } from '../router';

type Shown<S extends Screen> = ComponentType<{ place: Place<S> }>;
type Loaders = { [S in Screen]: () => Promise<{ default: Shown<S> }> };

export const screens: Loaders = {
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

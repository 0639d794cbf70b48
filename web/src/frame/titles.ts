import type { Place, Screen } from '../router';

const titles: Record<Screen, string> = {
  overview: 'Overview',
  topics: 'Topics',
  topic: 'Topic',
  groups: 'Groups',
  group: 'Group',
  schemas: 'Schemas',
  schema: 'Schema',
  dead: 'Dead letters',
  queue: 'Dead letters',
  brokers: 'Brokers',
  broker: 'Broker',
  changed: 'Changes',
  about: 'About',
};
export const titleOf = (screen: Screen): string => titles[screen];

// The name of what is shown; undefined on screens that show no single thing.
export function nameIn(place: Place): string | undefined {
  if (place.screen === 'topic') return place.path.topic;
  if (place.screen === 'group') return place.path.group;
  if (place.screen === 'schema') return place.path.subject;
  if (place.screen === 'queue') return place.path.queue;
  if (place.screen === 'broker') return place.path.broker;
  return undefined;
}

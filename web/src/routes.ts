// The screens there are: one row each, with its path and its query. Parameters have types, and what is not said has its
// initial value.
export interface Param<T> {
  readonly initial: T;
  read(text: string): T | undefined; // undefined: not a value of this parameter
  write(value: T): string;
}

export const text = (initial = ''): Param<string> => ({ initial, read: (t) => t, write: (v) => v });
export const count = (initial = 0): Param<number> => ({
  initial,
  read: (t) => (/^\d{1,9}$/.test(t) ? Number(t) : undefined),
  write: String,
});
export const oneOf = <const T extends string>(initial: T, ...others: T[]): Param<T> => ({
  initial,
  read: (t) => [initial, ...others].find((value) => value === t),
  write: (v) => v,
});

export type Params = Record<string, Param<any>>;
type Values<P extends Params> = { [K in keyof P]: P[K] extends Param<infer T> ? T : never };

export interface Route<P extends Params, Q extends Params> {
  readonly pattern: string[];
  readonly path: P;
  readonly query: Q;
}
const route = <P extends Params = {}, Q extends Params = {}>(
  pattern: string,
  path = {} as P,
  query = {} as Q,
): Route<P, Q> => ({
  pattern: pattern.split('/').filter(Boolean),
  path,
  query,
});

// `at` is the first row in sight of a long table.
const table = { sort: text(), at: count() };
export const topicTabs = ['messages', 'partitions', 'groups', 'configuration'] as const;
export const groupTabs = ['lag', 'members', 'configuration'] as const;
export const brokerTabs = ['directories', 'configuration'] as const;
export const schemaTabs = ['versions', 'references'] as const;
const options = { q: text(), option: text(), show: oneOf('all', 'set') };
// `start` is the offset or the time, as people write it, `until` where a search ends; `record` the open one, "7:4318204".
const messages = {
  from: oneOf('newest', 'oldest', 'time', 'offset', 'live'),
  start: text(), until: text(), where: text(), columns: text(),
  partitions: text(),
  key: text('auto'),
  value: text('auto'),
  record: text(),
  part: oneOf('value', 'key', 'headers'),
};

// The change that is being planned in a drawer.
const topicActs = { act: oneOf('', 'grow', 'records', 'delete') };
const groupActs = { act: oneOf('', 'reset', 'forget', 'delete') };
// Version a against b, or the draft against a.
const compared = { a: text(), b: text(), view: oneOf('split', 'unified'), as: oneOf('laid-out', 'sent') };
// Letters of a cause by its id; chosen ones as "3:4711,0:12".
const letterActs = { cause: text(), chosen: text(), act: oneOf('', 'replay') };
const schemaActs = { act: oneOf('', 'register', 'level', 'delete') };

export const routes = {
  overview: route('/'),
  topics: route(
    '/topics',
    {},
    { q: text(), show: oneOf('all', 'own', 'attention', 'internal'), act: oneOf('', 'create'), ...table },
  ),
  topic: route(
    '/topics/:topic/:tab',
    { topic: text(), tab: oneOf(...topicTabs) },
    { ...table, ...options, ...messages, ...topicActs },
  ),
  groups: route('/groups', {}, { q: text(), state: text(), type: text(), ...table }),
  group: route(
    '/groups/:group/:tab',
    { group: text(), tab: oneOf(...groupTabs) },
    { topic: text(), ...table, ...options, ...groupActs },
  ),
  schemas: route(
    '/schemas',
    {},
    { q: text(), show: oneOf('there', 'deleted'), act: oneOf('', 'register'), ...table },
  ),
  schema: route(
    '/schemas/:subject/:tab',
    { subject: text(), tab: oneOf(...schemaTabs) },
    { ...compared, ...schemaActs },
  ),
  dead: route('/dead-letters'),
  queue: route('/dead-letters/:queue', { queue: text() }, letterActs),
  brokers: route('/brokers'),
  broker: route('/brokers/:broker/:tab', { broker: text(), tab: oneOf(...brokerTabs) }, options),
  changed: route('/changes'),
  about: route('/about'),
};

export type Screen = keyof typeof routes;
export type PathOf<S extends Screen> = Values<(typeof routes)[S]['path']>;
export type QueryOf<S extends Screen> = Values<(typeof routes)[S]['query']>;
export type Place<S extends Screen = Screen> = { [K in S]: { screen: K; path: PathOf<K>; query: QueryOf<K> } }[S];

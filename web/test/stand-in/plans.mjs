// Changes as the real server answers them, with made-up plans: what is wrong, what would happen, and that an act carries
// its plan. Topics come and go in the world; nothing else is kept.
import { createHash } from 'node:crypto';
import * as data from './data.ts';
import * as letters from './letters.ts';
import * as schemas from './schemas.ts';

const TOOL = ' --bootstrap-server kafka-1.prod.example:9092 ';

const plan = (title, more = {}) => ({
  applied: false,
  title,
  options: [],
  offsets: [],
  partitions: more.offsets?.length ?? 0,
  warnings: [],
  blocked_by: [],
  as_of: data.NOW,
  ...more,
});

function create(w, { body }, refuse) {
  if (!/^[\w.-]+$/.test(body.name))
    throw refuse(400, `Topic name is invalid: '${body.name}' contains a character that is not allowed`, {
      code: 'INVALID_TOPIC_EXCEPTION',
      fields: [{ path: '/name', message: 'letters, digits, dots, underscores and hyphens' }],
    });
  if (w.topics.some(({ name }) => name === body.name))
    throw refuse(409, `Topic '${body.name}' already exists.`, {
      code: 'TOPIC_ALREADY_EXISTS',
      fields: [{ path: '/name', message: 'there is one of this name' }],
    });
  return {
    plan: plan(`Create the topic ${body.name} with ${body.partitions ?? 1} partitions and 3 replicas of each`, {
      command: `kafka-topics${TOOL}--create --topic ${body.name}`,
    }),
    act: () => w.topics.unshift({ ...w.topics[0], name: body.name, partitions: body.partitions ?? 1, records: 0 }),
  };
}

const remove = (w, { names: [name] }) => ({
  plan: plan(`Delete the topic ${name} with its 12 partitions`, {
    confirm: name,
    records: w.topics.find((one) => one.name === name)?.records ?? 0,
    command: `kafka-topics${TOOL}--delete --topic ${name}`,
    warnings: ['a group has committed offsets in it: invoice-writer'],
  }),
  act: () => (w.topics = w.topics.filter((one) => one.name !== name)),
});

const grow = (w, { names: [name], body }, refuse) => {
  const has = w.topics.find((one) => one.name === name).partitions;
  if (body.partitions <= has)
    throw refuse(422, `The topic has ${has} partitions already`, { code: 'INVALID_PARTITIONS' });
  return { plan: plan(`Add ${body.partitions - has} partitions to ${name}, which then has ${body.partitions}`) };
};

function options(w, { body }) {
  const known = new Map(data.configuration().items.map((one) => [one.name, one]));
  const change = (name, to, layer) => ({
    name,
    from: known.get(name)?.value,
    from_layer: known.get(name)?.layer ?? 'default',
    to,
    to_layer: layer,
    unit: known.get(name)?.unit,
  });
  const set = (body.set ?? []).map(({ name, value }) => change(name, value, 'topic'));
  const back = (body.unset ?? []).map((name) => change(name, known.get(name)?.layers.at(-1).value, 'default'));
  return { plan: plan(`Change ${[...set, ...back][0].name}`, { options: [...set, ...back] }) };
}

const records = (w, { names: [name], body }) => ({
  plan: plan(`Delete 88120 records of ${name}`, {
    confirm: name,
    records: 88_120,
    offsets: [0, 1, 2].map((partition) => ({
      topic: name,
      partition,
      from: 1_204_000,
      to: 1_233_373,
      records: 29_373,
    })),
    warnings: body.before === 'end' ? ['what is written until it is done goes, too'] : [],
  }),
});

function reset(w, { names: [group], body }) {
  const rows = data.groupPartitions(w.groups.find((one) => one.name === group)).filter(({ lag }) => Number(lag) > 0);
  const back = { earliest: 900_000, time: 13_200, offset: 0, shift: -(body.shift ?? 0), latest: 0 }[body.to];
  const offsets = rows.map(({ topic, partition, committed }) => ({
    topic,
    partition,
    from: committed,
    to: committed - back,
    records: -back,
  }));
  const members = w.groups.find((one) => one.name === group).members;
  return {
    plan: plan(`Reset ${offsets.length} partitions of the group ${group}`, {
      offsets,
      read_again: back * offsets.length,
      skipped: 0,
      lag_after: 48_210 + back * offsets.length,
      command: `kafka-consumer-groups${TOOL}--group ${group} --reset-offsets --to-${body.to} --all-topics --execute`,
      blocked_by: members ? [`The group must be empty first: ${members} members are connected`] : [],
    }),
  };
}

const forget = (w, { names: [group], query }) => ({
  plan: plan(`Forget what the group ${group} has committed in ${query.get('topic')}`, {
    confirm: query.get('topic'),
    offsets: [{ topic: query.get('topic'), partition: 0, from: 8_790_000 }],
  }),
});

const removeGroup = (w, { names: [group] }) => ({
  plan: plan(`Delete the group ${group} with what it has committed`, {
    confirm: group,
    warnings: ['who joins it again begins where auto.offset.reset says'],
  }),
  act: () => (w.groups = w.groups.filter((one) => one.name !== group)),
});

const register = (w, { names: [name], body }, refuse) => {
  const said = schemas.check(body.text);
  if (said.invalid)
    throw refuse(422, said.invalid, { code: '42201', fields: [{ path: '/text', message: said.invalid }] });
  const known = w.subjects.find((one) => one.name === name);
  return {
    plan: plan(`Register version ${known ? known.version + 1 : 1} of ${name}`, {
      blocked_by: known ? said.findings.map(({ code, message }) => `${code}: ${message}`) : [],
    }),
    act: () => {
      if (known) known.version++;
      else w.subjects.push({ ...w.subjects[0], name, version: 1, versions: 1, topics: [] });
    },
  };
};

const level = (w, { names: [name], body }) => ({
  plan: plan(`Have new versions of ${name} fit by ${body.level ?? 'BACKWARD, as for all subjects'}`, {
    warnings: ['now it is BACKWARD, as for all subjects'],
    command: `thalweg schema level ${name} --set ${body.level}`,
  }),
  act: () =>
    (w.subjects.find((one) => one.name === name).level = body.level
      ? { level: body.level, layer: 'subject' }
      : { level: 'BACKWARD', layer: 'all' }),
});

const removeSubject = (w, { names: [name] }) => {
  const known = w.subjects.find((one) => one.name === name);
  const permanent = known.deleted;
  return {
    plan: plan(`Delete ${name} with its 5 versions${permanent ? ' for good' : ''}`, {
      ...(permanent ? { confirm: name } : {}),
      command: `thalweg schema delete ${name}${permanent ? ' --permanent' : ''}`,
    }),
    act: () => {
      if (permanent) w.subjects = w.subjects.filter((one) => one !== known);
      else known.deleted = true;
    },
  };
};

const removeVersion = (w, { names: [name, version] }) => ({ plan: plan(`Delete version ${version} of ${name}`) });

// An act sends as many as w.atOnce; its plan is the same until none is left.
const replay = (w, { names: [queue], body }, refuse) => {
  if (body.to && !w.topics.some(({ name }) => name === body.to))
    throw refuse(400, '/to has to be a topic that is there', { fields: [{ path: '/to', message: 'has to be a topic that is there' }] });
  const some = letters.chosen(queue, body, w.sentBack);
  const before = some.filter((one) => one.sent_before && !body.again);
  const stay = some.filter((one) => one.stays && !body.to && !before.includes(one));
  const go = some.filter((one) => !before.includes(one) && !stay.includes(one));
  const targets = [...new Set(go.map((one) => body.to ?? one.origin))].sort();
  const figures = (count, left) => ({
    letters: count,
    left,
    targets: targets.map((topic) => ({ topic, letters: go.filter((one) => (body.to ?? one.origin) === topic).length })),
    sent_before: before.length,
    stay: stay.length,
  });
  const words = `${go.length} ${go.length === 1 ? 'letter' : 'letters'}`;
  const made = plan(`Send ${words} of ${queue} back${targets.length === 1 ? ` to ${targets[0]}` : ` to ${targets.length} topics`}`, {
    replay: figures(go.length, 0),
    ...(body.cause || body.letters ? {} : { command: `thalweg dlq replay ${queue}` }),
    warnings: [
      ...(stay.length ? [`${stay.length} letter stays; it does not say where it comes from`] : []),
      ...(before.length ? [`${before.length} letters were sent back before and are left out`] : []),
    ],
    blocked_by: go.length ? [] : ['All of these letters were sent back before'],
  });
  return {
    plan: made,
    facts: [queue, body],
    act: () => {
      const now = go.slice(0, w.atOnce);
      for (const { partition, offset } of now) w.sentBack.add(`${partition}:${offset}`);
      made.replay = figures(now.length, go.length - now.length);
      made.title = `${now.length} letters of ${queue} sent back`;
    },
  };
};

const changes = [
  [/^POST \/dead-letters\/([^/]+)\/replay$/, replay],
  [/^POST \/topics$/, create],
  [/^DELETE \/topics\/([^/]+)$/, remove],
  [/^POST \/topics\/([^/]+)\/partitions$/, grow],
  [/^POST \/topics\/([^/]+)\/delete-records$/, records],
  [/^PATCH \/(?:topics|groups|brokers)\/([^/]+)\/config$/, options],
  [/^POST \/groups\/([^/]+)\/offsets$/, reset],
  [/^DELETE \/groups\/([^/]+)\/offsets$/, forget],
  [/^DELETE \/groups\/([^/]+)$/, removeGroup],
  [/^POST \/schemas\/([^/]+)\/versions$/, register],
  [/^PATCH \/schemas\/([^/]+)\/level$/, level],
  [/^DELETE \/schemas\/([^/]+)$/, removeSubject],
  [/^DELETE \/schemas\/([^/]+)\/versions\/([^/]+)$/, removeVersion],
];

// The plan, dry or carried out; undefined for what is no change. `refuse` makes a problem.
export function planned(w, request, path, query, body, refuse) {
  const found = changes
    .map(([pattern, make]) => ({ match: pattern.exec(`${request.method} ${path}`), make }))
    .find(({ match }) => match);
  if (!found) return undefined;
  if (w.readOnly)
    throw refuse(403, 'This console only reads', { hint: 'console.read.only is set; use the command line' });
  const asked = { names: found.match.slice(1).map(decodeURIComponent), query, body: body ? JSON.parse(body) : {} };
  const { plan: made, facts, act } = found.make(w, asked, refuse);
  made.plan = createHash('md5')
    .update(JSON.stringify([facts ?? [made.title, made.offsets, made.options], w.moved ?? 0]))
    .digest('hex');
  if (query.get('dry_run') === 'true') return made;
  const carried = request.headers['if-match']?.replaceAll('"', '');
  if (!carried) throw refuse(428, 'A change needs its plan');
  if (carried !== made.plan)
    throw refuse(409, 'What this would do has changed since it was planned', { hint: 'look at the plan as it is now' });
  if (made.blocked_by.length) throw refuse(409, made.blocked_by[0]);
  act?.();
  w.acts.push(made.title);
  return { ...made, applied: true };
}

// Made-up answers of the API: what pictures and tests of the pages look at. The same every time.
import type {
  AttentionList,
  Broker,
  ChangeList,
  Cluster,
  ConfigLayer,
  ConfigOption,
  Configuration,
  DirectoryList,
  Group,
  GroupDetail,
  GroupMember,
  GroupPartition,
  GroupState,
  Name,
  Partition,
  Quorum,
  SeriesList,
  SeriesName,
  Topic,
  TopicGroup,
} from '../../src/api/types.gen';

export const NOW = Date.UTC(2026, 10, 28, 6, 42, 3, 204);
const DAY = 86_400_000;
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

const famous: [name: string, partitions: number, records: number, bytes: number, days: number, cleanup: string[]][] = [
  ['orders.events.v1', 12, 27_790_340, 27.4 * GIB, 7, ['delete']],
  ['clickstream.web', 48, 1_204_118_230, 412 * GIB, 3, ['delete']],
  ['payments.ledger', 24, 98_122_004, 61 * GIB, -1, ['delete']],
  ['inventory.changes', 12, 40_221_876, 18.2 * GIB, 14, ['delete']],
  ['billing.invoices', 12, 105_622_118, 38.6 * GIB, 30, ['delete']],
  ['billing.invoices.corrections', 3, 8_812, 0.4 * MIB, 30, ['delete']],
  ['users.profile', 24, 8_120_441, 9.4 * GIB, 7, ['compact']],
  ['telemetry.devices', 96, 3_310_220_118, 221 * GIB, 0.5, ['delete']],
  ['shipping.tracking', 12, 22_013_559, 7.7 * GIB, 7, ['delete']],
  ['audit.raw', 6, 9_120_331, 31.2 * GIB, 365, ['delete']],
  ['search.queries', 12, 61_004_223, 12.9 * GIB, 3, ['delete']],
  ['email.outbox', 6, 1_821_133, 1.1 * GIB, 2, ['delete']],
  ['prices.current', 12, 402_118, 0.3 * GIB, 7, ['compact']],
  ['feature.flags', 1, 1_188, 1 * MIB, 7, ['compact', 'delete']],
  ['orders.events.v0', 12, 88_120_411, 51.4 * GIB, 7, ['delete']],
];

function topic(
  name: string,
  partitions: number,
  records: number,
  bytes: number,
  days: number,
  cleanup: string[],
): Topic {
  return {
    name,
    id: 'q1Sh-9_ISia_zwGINzRvyQ',
    internal: name.startsWith('__'),
    partitions,
    replicas: 3,
    short_of_replicas: name === 'audit.raw' ? 1 : 0,
    leaderless: 0,
    under_min_isr: 0,
    min_in_sync: 2,
    cleanup,
    retention_ms: days < 0 ? -1 : days * DAY,
    retention_bytes: -1,
    records,
    bytes: Math.round(bytes),
    ...(rates[name] === undefined ? {} : { written_s: rates[name] * MIB, read_s: rates[name] * 2.4 * MIB }),
    ...(name === 'billing.invoices' ? { oldest_unread_ms: 762_000, oldest_unread_group: 'invoice-writer' } : {}),
  };
}

const rates: Record<string, number> = {
  'orders.events.v1': 31.4,
  'clickstream.web': 22.8,
  'payments.ledger': 9.6,
  'inventory.changes': 6.1,
  'billing.invoices': 4.9,
};

// Ten thousand and more, so that whatever scales badly shows.
export function topics(count = 10_214): Topic[] {
  const made = famous.map((one) => topic(...one));
  made.push(
    topic('__consumer_offsets', 50, 1_204_118, 0.2 * GIB, 7, ['compact']),
    topic('__transaction_state', 50, 18_220, 3 * MIB, 7, ['compact']),
    topic('_schemas', 1, 486, 0.6 * MIB, 7, ['compact']),
  );
  for (let n = 0; made.length < count; n++)
    made.push(
      topic(
        `team-${String(n % 97).padStart(2, '0')}.stream-${String(n).padStart(5, '0')}`,
        1 + (n % 6),
        (n * 7919) % 1_000_003,
        ((n * 104_729) % 900) * MIB,
        7,
        ['delete'],
      ),
    );
  return made.slice(0, count);
}

export function partitions(of: Topic): Partition[] {
  return Array.from({ length: of.partitions }, (_, partition) => {
    const replicas = [0, 1, 2].map((n) => ((partition + n) % 3) + 1);
    const records = Math.floor(Number(of.records ?? 0) / of.partitions) + ((partition * 7717) % 4001);
    const start = of.cleanup.includes('delete') ? 1_204_000 + partition * 3101 : 0;
    const short = of.name === 'audit.raw' && partition === 3;
    return {
      partition,
      leader: replicas[0]!,
      epoch: 18 + (partition % 3),
      replicas,
      in_sync: short ? [replicas[0]!] : replicas,
      adding: [],
      removing: [],
      start,
      end: start + records,
      high_watermark: start + records - (short ? 31 : 0),
      last_stable: start + records - (short ? 31 : 0),
      records,
      bytes: Math.round(Number(of.bytes ?? 0) / of.partitions),
      segments: 1 + (partition % 9),
      offline: false,
    };
  });
}

const families = ['writer', 'reader', 'index', 'archive', 'scorer', 'sink', 'mailer', 'stats'];

export function groups(count = 2_031): Group[] {
  const group = (
    name: string,
    state: GroupState,
    members: number,
    lag: number,
    type: Group['type'] = 'classic',
    topics = 1,
  ): Group => ({
    name,
    type,
    state,
    protocol_type: 'consumer',
    coordinator: 1,
    members,
    topics,
    partitions: 12 * topics,
    lag,
    oldest_unread_ms: name === 'invoice-writer' ? 762_000 : lag * 12,
  });
  const made = [
    group('invoice-writer', 'Stable', 3, 48_210, 'consumer', 2),
    group('invoice-archive', 'Stable', 1, 31),
    group('fraud-scorer', 'Stable', 6, 204),
    group('search-index', 'Reconciling', 4, 1_890, 'consumer'),
    group('nightly-report', 'Empty', 0, 1_204_118),
    group('tsdb-writer', 'PreparingRebalance', 8, 12_004),
  ];
  for (let n = 0; made.length < count; n++)
    made.push(
      group(
        `team-${String(n % 97).padStart(2, '0')}.${families[n % 8]}-${n}`,
        n % 11 === 0 ? 'Empty' : 'Stable',
        n % 11 === 0 ? 0 : 1 + (n % 5),
        (n * 7919) % 997,
      ),
    );
  return made.slice(0, count);
}

const invoice: [partition: number, member: number, lag: number][] = [
  [4, 1, 34_230],
  [5, 1, 1_896],
  [0, 0, 1_625],
  [9, 2, 1_378],
  [1, 0, 1_259],
  [6, 1, 1_213],
  [8, 2, 1_104],
  [7, 1, 1_068],
  [2, 0, 1_190],
  [3, 0, 1_044],
  [10, 2, 1_102],
  [11, 2, 1_101],
];

export function groupPartitions(of: Group): GroupPartition[] {
  if (of.name !== 'invoice-writer') {
    return Array.from({ length: of.partitions ?? 0 }, (_, n) => ({
      topic: 'orders.events.v1',
      partition: n,
      committed: 2_000_000,
      start: 1_204_000,
      end: 2_000_000 + (n === 0 ? Number(of.lag ?? 0) : 0),
      lag: n === 0 ? (of.lag ?? 0) : 0,
      gone: false,
      ...(of.members ? { member: `${of.name}-1-id`, client: `${of.name}-1` } : {}),
    }));
  }
  const reads = (topic: string, partition: number, member: number, lag: number): GroupPartition => ({
    topic,
    partition,
    member: `invoice-writer-${member + 1}-7c1e`,
    client: `invoice-writer-${member + 1}`,
    committed: 8_790_000 + partition * 1_511,
    start: 0,
    end: 8_790_000 + partition * 1_511 + lag,
    lag,
    oldest_unread_ms: lag > 30_000 ? 762_000 : lag * 23,
    gone: false,
  });
  return [
    ...invoice.map(([partition, member, lag]) => reads('billing.invoices', partition, member, lag)),
    ...Array.from({ length: 12 }, (_, n) => reads('orders.events.v1', n, n % 3, 0)),
  ];
}

export function groupDetail(of: Group): GroupDetail {
  const parts = groupPartitions(of);
  const ids = [...new Set(parts.flatMap(({ member }) => (member === undefined ? [] : [member])))].sort();
  const members: GroupMember[] = ids.map((id, n) => {
    const own = parts.filter(({ member }) => member === id);
    return {
      id,
      client: own[0]!.client!,
      host: `/10.4.7.${21 + n * 15}`,
      assigned: own.map(({ topic, partition }) => ({ topic, partition })),
      lag: own.reduce((sum, { lag }) => sum + Number(lag ?? 0), 0),
    };
  });
  const worst = parts.reduce((a, b) => (Number(b.lag) > Number(a.lag) ? b : a));
  return {
    name: of.name,
    type: of.type,
    state: of.state,
    protocol_type: of.protocol_type,
    assignor: of.members ? (of.type === 'consumer' ? 'uniform' : 'range') : '',
    coordinator: of.coordinator,
    topics: of.topics ?? 0,
    partitions: parts.length,
    lag: of.lag ?? 0,
    ...(of.oldest_unread_ms === undefined ? {} : { oldest_unread_ms: of.oldest_unread_ms }),
    ...(Number(worst.lag) > 0 ? { most_behind: worst } : {}),
    members,
  };
}

export function topicGroups(of: Topic): TopicGroup[] {
  if (of.name !== 'billing.invoices' && of.name !== 'orders.events.v1') return [];
  return [
    {
      name: 'invoice-writer',
      state: 'Stable',
      members: 3,
      partitions: 12,
      lag: of.name === 'billing.invoices' ? 48_210 : 0,
    },
    { name: 'nightly-report', state: 'Empty', members: 0, partitions: 12, lag: 1_204_118 },
  ];
}

export function brokers(): Broker[] {
  return ['a', 'b', 'c'].map((zone, n) => ({
    id: n + 1,
    host: `kafka-${n + 1}.prod.example`,
    port: 9092,
    endpoints: [
      { listener: 'PLAINTEXT', host: `kafka-${n + 1}.prod.example`, port: 9092 },
      { listener: 'INTERNAL', host: `10.4.0.${n + 1}`, port: 9094 },
    ],
    rack: `eu-1${zone}`,
    state: 'active',
    controller: n === 0,
    here: n === 0,
    leads: 13_400 - n * 11,
    replicas: 40_127,
    out_of_sync: n === 1 ? 1 : 0,
    ...(n === 0
      ? { bytes: 552 * GIB, disk_total: 1843 * GIB, disk_free: 1272 * GIB, started_at: NOW - 41 * DAY - 6 * 3_600_000 }
      : {}),
  }));
}

export const cluster = (all: Topic[], allGroups: Group[]): Cluster => ({
  id: '5L6g3nShT-eMCtK--X86sw',
  name: 'prod-eu',
  status: 'degraded',
  sentence: 'Every partition has a leader; 40126 of 40127 are fully replicated.',
  controller: 1,
  brokers: 3,
  brokers_active: 3,
  topics: all.length,
  topics_internal: all.filter(({ internal }) => internal).length,
  partitions: 40_127,
  leaderless: 0,
  under_replicated: 1,
  under_min_isr: 0,
  groups: allGroups.length,
  written_s: 103.5 * MIB,
  read_s: 221 * MIB,
  records_s: 506_890,
  oldest_unread_ms: 762_000,
  oldest_unread_group: 'invoice-writer',
  attention: 2,
  metadata_offset: 1_204_881,
  metadata_epoch: 7,
  as_of: NOW,
});

export const attention = (): AttentionList => ({
  total: 2,
  as_of: NOW,
  items: [
    {
      id: 'p',
      severity: 'warn',
      sentence: 'Partition audit.raw-3 has one replica in sync of three',
      detail:
        'Brokers 2 and 3 are behind; acks=all is refused until another one is in sync, as min.insync.replicas is 2.',
      kind: 'partition',
      name: 'audit.raw',
      partition: 3,
    },
    {
      id: 'o',
      severity: 'note',
      sentence: 'The console answers without sign-in',
      detail: 'Anybody on this machine can look. Set console.auth=token to ask for the token.',
      kind: 'option',
      name: 'console.auth',
    },
  ],
});

// Waves that are the same every time; lag grows from the middle on.
export function series(figures: string[], minutes: number): SeriesList {
  const steps = 90;
  const at = Array.from({ length: steps }, (_, n) => NOW - Math.round(((steps - 1 - n) * minutes * 60_000) / steps));
  const wave = (n: number, of: number) => Math.sin(n / of) + Math.sin(n / 3.7) / 3;
  const shapes: Record<SeriesName, (n: number) => number> = {
    written: (n) => (86 + 17 * wave(n, 9)) * MIB,
    read: (n) => (205 + 21 * wave(n, 7)) * MIB,
    records: (n) => 480_000 + 26_000 * wave(n, 8),
    lag: (n) => (n < 45 ? 1_200 + 200 * wave(n, 5) : 1_200 + (n - 44) * 1_044),
    generation: (n) => 40 + Math.floor(n / 30),
    age: (n) => (n < 45 ? 900 : (n - 44) * 16_900),
    stored: (n) => (412 + n / 10) * 1024 * MIB,
  };
  const names = figures as SeriesName[];
  return {
    since: NOW - minutes * 60_000,
    as_of: NOW,
    items: names.map((name) => ({ name, at, values: at.map((_, n) => Math.round(shapes[name](n))) })),
  };
}

export const quorum = (): Quorum => ({
  leader: 1,
  epoch: 7,
  high_watermark: 1_204_881,
  nodes: [1, 2, 3].map((id) => ({
    id,
    role: id === 1 ? 'leader' : 'voter',
    log_end: 1_204_882 - (id === 3 ? 1 : 0),
    behind: id === 3 ? 1 : 0,
    ...(id === 1 ? {} : { caught_up_at: NOW - 400 * id }),
  })),
});

export const directories = (id: number): DirectoryList => ({
  broker: id,
  items: [
    { path: '/var/lib/thalweg', partitions: 40_127, bytes: 552 * GIB, disk_total: 1843 * GIB, disk_free: 1272 * GIB },
  ],
});

const rows: [
  name: string,
  value: string,
  type: ConfigOption['type'],
  unit: string | undefined,
  fallback: string,
  sentence: string,
  by?: [ConfigLayer, string, string][],
][] = [
  [
    'cleanup.policy',
    'delete',
    'list',
    undefined,
    'delete',
    'What is done with old segments: deleted, or compacted to the last record of each key.',
  ],
  [
    'compression.type',
    'producer',
    'string',
    undefined,
    'producer',
    'How batches are compressed on disk; producer keeps them as they were sent.',
  ],
  [
    'max.message.bytes',
    '10485760',
    'int',
    'bytes',
    '1048588',
    'The largest batch that is taken.',
    [['brokers', 'message.max.bytes', '10485760']],
  ],
  [
    'min.insync.replicas',
    '2',
    'int',
    undefined,
    '1',
    'How many replicas must have a record before acks=all is answered.',
    [['topic', 'min.insync.replicas', '2']],
  ],
  ['retention.bytes', '-1', 'long', 'bytes', '-1', 'The size up to which a partition keeps its records.'],
  [
    'retention.ms',
    '2592000000',
    'long',
    'ms',
    '604800000',
    'How long records are kept.',
    [
      ['topic', 'retention.ms', '2592000000'],
      ['file', 'log.retention.hours', '336'],
    ],
  ],
  ['segment.bytes', '1073741824', 'int', 'bytes', '1073741824', 'The size at which a new segment file is begun.'],
  ['segment.ms', '604800000', 'long', 'ms', '604800000', 'The age at which a new segment file is begun.'],
  [
    'unclean.leader.election.enable',
    'false',
    'boolean',
    undefined,
    'false',
    'Whether a replica that is not in sync may lead when no other can: records may be lost.',
  ],
];

export function configuration(): Configuration {
  const items = rows.map(([name, value, type, unit, fallback, sentence, by = []]): ConfigOption => {
    const layers = [
      ...by.map(([layer, option, said]) => ({ layer, option, value: said })),
      { layer: 'default' as const, option: name, value: fallback },
    ];
    return {
      name,
      value,
      layer: layers[0]!.layer,
      type,
      ...(unit ? { unit } : {}),
      read_only: false,
      sensitive: false,
      layers,
      sentence,
    };
  });
  return { total: items.length, set: items.filter(({ layer }) => layer !== 'default').length, items };
}

export function names(q: string, all: Topic[], allGroups: Group[]): Name[] {
  const low = q.toLowerCase();
  const from = (kind: Name['kind'], list: { name: string; detail: string }[]): Name[] =>
    list.filter(({ name }) => name.toLowerCase().includes(low)).map((one) => ({ kind, ...one }));
  return [
    ...from(
      'topic',
      all.map(({ name, partitions: n }) => ({ name, detail: `${n} partitions` })),
    ),
    ...from(
      'group',
      allGroups.map(({ name, state }) => ({ name, detail: state })),
    ),
    ...from(
      'broker',
      brokers().map(({ id, host, port }) => ({ name: String(id), detail: `${host}:${port}` })),
    ),
    ...from(
      'option',
      rows.map(([name]) => ({ name, detail: 'option of the server' })),
    ),
  ];
}

export const changes = (): ChangeList => ({
  since: NOW - 26 * 3_600_000,
  as_of: NOW,
  items: [
    { at: NOW - 12 * 60_000, source: 'cluster', kind: 'topic', name: 'billing.invoices', sentence: 'retention.ms of billing.invoices is 2592000000 instead of 604800000', gone: false },
    { at: NOW - 12 * 60_000, source: 'console', kind: 'cluster', name: '', sentence: 'Change retention.ms of billing.invoices', by: 'User:operator@10.0.3.7', gone: false },
    { at: NOW - 3 * 3_600_000, source: 'console', kind: 'cluster', name: '', sentence: 'Reset 12 partitions of the group invoice-writer', by: 'User:operator@10.0.3.7', refused: 'The group must be empty first: 3 members are connected', gone: false },
    { at: NOW - 8 * 3_600_000, after: NOW - 9 * 3_600_000, source: 'server', kind: 'broker', name: '1', sentence: 'server 1 was stopped, and has started again', gone: false },
    { at: NOW - 8 * 3_600_000, after: NOW - 9 * 3_600_000, source: 'cluster', kind: 'broker', name: '3', sentence: 'broker 3 is there', gone: false },
    { at: NOW - 20 * 3_600_000, source: 'cluster', kind: 'topic', name: 'orders.v0', sentence: 'orders.v0 is deleted', gone: true },
  ],
});

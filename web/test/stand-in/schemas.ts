// Made-up subjects, and the registry's words for a draft that drops a default: what pictures and tests of the pages look at.
import type {
  SchemaCheck,
  SchemaLevel,
  SchemaText,
  Subject,
  SubjectDetail,
  SubjectVersion,
} from '../../src/api/types.gen';
import { NOW } from './data';

const DAY = 86_400_000;

interface Made {
  fields: string[];
  deleted?: boolean;
  days: number; // ago
  id: number;
}

const first = ['{"name": "order_id", "type": "string"}', '{"name": "attempt", "type": "int"}'];
const currency = '{"name": "currency", "type": "string"}';
const user = '{"name": "user", "type": "com.example.users.User"}';
const reason = '{"name": "reason", "type": ["null", "string"], "default": null}';
const voucher = '{"name": "voucher", "type": ["null", "string"], "default": null}';

const made: Made[] = [
  { fields: first, days: 271, id: 104 },
  { fields: [...first, reason], days: 199, id: 287, deleted: true },
  { fields: [...first, reason, currency], days: 198, id: 288 },
  { fields: [...first, reason, currency, user], days: 123, id: 377 },
  { fields: [...first, reason, currency, user, voucher], days: 47, id: 412 },
];

const laidOut = (fields: string[]): string =>
  [
    '{',
    '  "type": "record",',
    '  "name": "OrderEvent",',
    '  "namespace": "com.example.orders",',
    '  "fields": [',
    fields.map((field) => `    ${field}`).join(',\n'),
    '  ]',
    '}',
  ].join('\n');

const inherited: SchemaLevel = { level: 'BACKWARD', layer: 'all' };
const references = [{ name: 'com.example.users.User', subject: 'users-value', version: 3 }];

export function subjects(count = 40): Subject[] {
  const famous: Subject[] = [
    {
      name: 'orders.events.v1-value',
      deleted: false,
      language: 'avro',
      version: 5,
      id: 412,
      versions: 4,
      references: 1,
      level: inherited,
      topics: [{ topic: 'orders.events.v1', part: 'value' }],
    },
    {
      name: 'payments.ledger-value',
      deleted: false,
      language: 'protobuf',
      version: 3,
      id: 398,
      versions: 3,
      references: 0,
      level: { level: 'FULL_TRANSITIVE', layer: 'subject' },
      topics: [{ topic: 'payments.ledger', part: 'value' }],
    },
  ];
  const others = Array.from({ length: Math.max(0, count - famous.length) }, (_, n): Subject => ({
    name: `team-${String(n % 97).padStart(2, '0')}.stream-${String(n).padStart(5, '0')}-value`,
    deleted: false,
    language: n % 5 === 0 ? 'json' : 'avro',
    version: 1 + (n % 7),
    id: 1000 + n,
    versions: 1 + (n % 7),
    references: n % 3,
    level: inherited,
    topics: [],
  }));
  return [...famous, ...others];
}

const versions: SubjectVersion[] = made
  .map(({ days, id, deleted }, index): SubjectVersion => ({
    version: index + 1,
    id,
    deleted: deleted ?? false,
    written_at: NOW - days * DAY,
  }))
  .reverse();

export const subjectDetail = (subject: Subject): SubjectDetail => ({
  name: subject.name,
  deleted: subject.deleted,
  language: subject.language ?? 'avro',
  level: subject.level ?? inherited,
  mode: 'READWRITE',
  topics: subject.topics,
  versions,
  references,
  needed_by: [{ subject: 'orders.summary-value', version: 2 }],
  as_of: NOW,
});

export function schemaText(subject: Subject, version: string): SchemaText | undefined {
  const number = version === 'latest' ? made.length : Number(version);
  const found = made[number - 1];
  if (!found) return undefined;
  const text = laidOut(found.fields);
  return {
    subject: subject.name,
    version: number,
    id: found.id,
    guid: '0a1b2c3d-0000-4000-8000-000000000412',
    language: 'avro',
    deleted: found.deleted ?? false,
    written_at: NOW - found.days * DAY,
    references,
    text: text.replace(/\n\s*/g, ''),
    laid_out: text,
  };
}

// As a registry checks BACKWARD: a field that is new needs a default; what is no JSON is no schema.
export function check(text: string): SchemaCheck {
  const base = { level: inherited, findings: [], fits: true };
  let fields: { name: string; default?: unknown }[];
  try {
    fields = (JSON.parse(text) as { fields: typeof fields }).fields;
  } catch {
    return { ...base, fits: false, invalid: 'line 1, column 2: a name in quotes or } is expected' };
  }
  const known = new Set(made.at(-1)!.fields.map((field) => (JSON.parse(field) as { name: string }).name));
  const findings = fields.flatMap((field, index) =>
    known.has(field.name) || 'default' in field
      ? []
      : [
          {
            code: 'READER_FIELD_MISSING_DEFAULT_VALUE',
            path: `/fields/${index}`,
            message: `data of the old schema lacks the field '${field.name}', and the new schema cannot do without it`,
            more: field.name,
          },
        ],
  );
  const laid_out = laidOut(fields.map((field) => JSON.stringify(field).replace(/":/g, '": ').replace(/,"/g, ', "')));
  if (findings.length > 0) return { ...base, fits: false, against: made.length, findings, laid_out };
  return { ...base, ...(fields.length === made.at(-1)!.fields.length ? { same_as: made.length } : {}), laid_out };
}

// Made-up dead letters of all families.
import type { DeadLetterTopics, Letter, LetterCause, LetterCauses, LetterPage } from '../../src/api/types.gen';
import { NOW } from './data';
import { payload } from './records';

const MINUTE = 60_000;

export const queues = (): DeadLetterTopics => ({
  total: 2,
  as_of: NOW,
  items: [
    { name: 'dlq.orders.events.v1', partitions: 3, records: 37 },
    { name: 'payments.ledger-dlt', partitions: 12, records: 4 },
  ],
});

const cause = (more: Partial<LetterCause>, count: number, minutes: number): LetterCause => ({
  id: `${minutes}`.padStart(32, 'c'),
  count,
  first_at: NOW - (minutes + 200) * MINUTE,
  last_at: NOW - minutes * MINUTE,
  partition: 1,
  offset: 4_000 + minutes,
  ...more,
});

export function causes(topic: string): LetterCauses | undefined {
  if (!queues().items.some(({ name }) => name === topic)) return undefined;
  const items = [
    cause({ family: 'toolkit', origin: 'orders.events.v1', group: 'invoice-writer', error: '_TIMED_OUT', message: 'the ledger did not answer within 3000 ms' }, 21, 4),
    cause({ family: 'spring', partition: 0, origin: 'orders.events.v1', group: 'fraud-check', error: 'java.lang.IllegalStateException', message: 'order ord-73912345 has no currency' }, 9, 12),
    cause({ family: 'connect', origin: 'orders.events.v1', group: 'warehouse-sink', error: 'org.apache.kafka.connect.errors.DataException', message: 'Converting byte[] to Kafka Connect data failed due to serialization error' }, 4, 31),
    cause({ family: 'streams', origin: 'clickstream.web', error: 'java.lang.NumberFormatException', message: 'For input string: "n/a"' }, 1, 44),
    cause({ family: 'share_group', origin: 'email.outbox', group: 'mailers', message: 'Offset delivery count exceeded the threshold.' }, 1, 70),
    cause({}, 1, 90),
  ];
  return { topic, looked_at: 37, complete: true, others: 0, as_of: NOW, items };
}

const STAYS = 'does not say where it comes from';

// Of each cause as many as it has, a minute apart; `sent` are the places that went back.
function lettersOf({ count, first_at, last_at, id, ...said }: LetterCause, sent: ReadonlySet<string>): Letter[] {
  return Array.from({ length: count }, (_, n): Letter => {
    const offset = Number(said.offset) - n;
    return {
      ...said,
      offset,
      timestamp: Number(last_at) - n * MINUTE,
      cause: id,
      ...(said.origin === undefined ? { stays: STAYS } : { origin_partition: n % 6, origin_offset: 1_204_711 + n, attempts: 5 }),
      key: payload('text', `ord-${73_912_345 + n * 7}`),
      value: payload('json', `{"order_id":"ord-${73_912_345 + n * 7}","amount":${1_290 + n * 35},"currency":"EUR","status":"PAID"}`),
      sent_before: sent.has(`${said.partition}:${offset}`),
    };
  });
}

const all = (topic: string, sent: ReadonlySet<string>): Letter[] =>
  (causes(topic)?.items ?? [])
    .flatMap((one) => lettersOf(one, sent))
    .sort((a, b) => Number(b.timestamp) - Number(a.timestamp));

export function letters(topic: string, wanted: string | null, from: number, limit: number, sent: ReadonlySet<string>): LetterPage | undefined {
  if (!causes(topic)) return undefined;
  const some = all(topic, sent).filter((one) => !wanted || one.cause === wanted);
  return { total: some.length, from, as_of: NOW, looked_at: 37, complete: true, items: some.slice(from, from + limit) };
}

// Those that a request names.
export const chosen = (
  topic: string,
  body: { cause?: string; letters?: { partition: number; offset: number }[] },
  sent: ReadonlySet<string>,
): Letter[] =>
  all(topic, sent).filter(
    (one) =>
      (!body.cause || one.cause === body.cause) &&
      (!body.letters || body.letters.some(({ partition, offset }) => partition === one.partition && offset === one.offset)),
  );

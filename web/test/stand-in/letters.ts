// Made-up dead letters of all families.
import type { DeadLetterTopics, LetterCause, LetterCauses } from '../../src/api/types.gen';
import { NOW } from './data';

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
    cause({ family: 'spring', origin: 'orders.events.v1', group: 'fraud-check', error: 'java.lang.IllegalStateException', message: 'order ord-73912345 has no currency' }, 9, 12),
    cause({ family: 'connect', origin: 'orders.events.v1', group: 'warehouse-sink', error: 'org.apache.kafka.connect.errors.DataException', message: 'Converting byte[] to Kafka Connect data failed due to serialization error' }, 4, 31),
    cause({ family: 'streams', origin: 'clickstream.web', error: 'java.lang.NumberFormatException', message: 'For input string: "n/a"' }, 1, 44),
    cause({ family: 'share_group', origin: 'email.outbox', group: 'mailers', message: 'Offset delivery count exceeded the threshold.' }, 1, 70),
    cause({}, 1, 90),
  ];
  return { topic, looked_at: 37, complete: true, others: 0, as_of: NOW, items };
}

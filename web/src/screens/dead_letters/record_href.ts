// The address of one record with its headers or its value, among those beside it.
import type { Int64 } from '../../api/types.gen';
import { href } from '../../router';

export const recordHref = (topic: string, partition: number, offset: Int64, part: 'headers' | 'value' = 'headers'): string =>
  href(
    'topic',
    { topic },
    { from: 'offset', start: String(offset), partitions: String(partition), record: `${partition}:${offset}`, part },
  );

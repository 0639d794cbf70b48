// An option's value as people say it, and the layers in their order.
import type { ConfigLayer, ConfigOption } from '../../api/types.gen';
import { bytes, even } from '../../ui/text';

export const layerWords: Record<ConfigLayer, string> = {
  topic: 'this topic',
  group: 'this group',
  broker: 'this broker',
  brokers: 'all brokers',
  file: 'the server’s file',
  default: 'the default',
  logger: 'this logger',
};

const KIB = 1024n;
const LONGEST = 2n ** 63n - 1n;

// "7 days", "1 GiB"; undefined where the plain value says as much.
export function optionText({ value, unit }: Pick<ConfigOption, 'value' | 'unit'>): string | undefined {
  if (value === undefined || !/^-?\d+$/.test(value)) return undefined;
  const number = BigInt(value);
  if (unit !== 'ms' && unit !== 'bytes') return undefined;
  if (number === -1n) return 'without limit';
  if (number === LONGEST) return 'the largest there is';
  if (unit === 'ms') return number < 1000n ? undefined : even(number);
  if (number < KIB) return undefined;
  const { value: size, unit: name } = bytes(number);
  return /^\d+$/.test(size) && number % KIB === 0n ? `${size} ${name}` : `about ${size} ${name}`;
}

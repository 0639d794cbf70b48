// Fields that several changes have.
import { zone } from '../../settings';
import { Input } from '../../ui/input';
import { instantOf } from '../../ui/instant';
import { numbersOf } from '../../ui/integers';

export function TimeInput({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  const known = instantOf(value, zone.value);
  return (
    <Input
      label={zone.value === 'utc' ? 'Time, in UTC' : 'Time, local'}
      value={value}
      onInput={onInput}
      wrong={known === undefined ? 'as 2026-11-28 07:00:00, or milliseconds since 1970' : undefined}
      hint={known === undefined ? undefined : `${known} ms`}
      width={200}
      mono
    />
  );
}

// Empty: all of them. Undefined: it is no list of numbers.
export const partitionsOf = (text: string): number[] | undefined => (text.trim() ? numbersOf(text) : []);

interface PartitionsProps {
  value: string;
  onInput: (value: string) => void;
  wrong: string | undefined; // as the server says
  width: number; // pixels
}

export function PartitionsInput({ value, onInput, wrong, width }: PartitionsProps) {
  return (
    <Input
      label="Partitions"
      value={value}
      onInput={onInput}
      hint="empty: all; else 0, 2-4"
      wrong={partitionsOf(value) === undefined ? 'numbers with commas, and ranges: 0, 2-4' : wrong}
      width={width}
    />
  );
}

// Letters that are chosen one by one, as the address has them: "3:4711,0:12" is partition and offset.
import type { Int64, LetterPlace } from '../../api/types.gen';

export const placeOf = ({ partition, offset }: { partition: number; offset: Int64 }): string => `${partition}:${offset}`;

export const placesIn = (chosen: string): string[] => chosen.split(',').filter((one) => /^\d{1,9}:\d{1,19}$/.test(one));

// As the API takes them; offsets beyond 2^53 stay exact.
export const lettersOf = (chosen: string): LetterPlace[] =>
  placesIn(chosen).map((one) => {
    const [partition, offset] = one.split(':') as [string, string];
    return { partition: Number(partition), offset: exact(offset) };
  });

const exact = (digits: string): Int64 => (Number.isSafeInteger(Number(digits)) ? Number(digits) : BigInt(digits));

export function toggled(chosen: string, places: string[], on: boolean): string {
  const others = placesIn(chosen).filter((one) => !places.includes(one));
  return [...others, ...(on ? places : [])].join(',');
}

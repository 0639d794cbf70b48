// Integers as people write them.
// The number that is written, as it is; undefined for what is none.
export function integerOf(text: string): number | bigint | undefined {
  const plain = text.replace(/[\s_]/g, '').replace(/^[−+]/, (sign) => (sign === '+' ? '' : '-'));
  if (!/^-?\d{1,19}$/.test(plain)) return undefined;
  const value = BigInt(plain);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

// "0, 2-4" to its numbers; undefined for what is no list of them.
export function numbersOf(text: string): number[] | undefined {
  const numbers: number[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    const range = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part);
    if (!range) return undefined;
    const last = Number(range[2] ?? range[1]);
    if (last - Number(range[1]) > 10_000) return undefined;
    for (let n = Number(range[1]); n <= last; n++) numbers.push(n);
  }
  return numbers;
}

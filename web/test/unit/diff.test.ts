// What differs between two texts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff, inLine, pairs, type Change } from '../../src/ui/diff';

// The changes as a patch shows them.
const patch = (a: string, b: string): string =>
  diff([...a], [...b])
    .map(({ kind, a: one, b: other }) => ({ same: ' ', gone: '-', new: '+' })[kind] + (kind === 'new' ? b[other!] : a[one!]))
    .join('');

// What `b` is, made of `a` and the changes.
const carried = (a: string[], b: string[], changes: Change[]): string[] =>
  changes.flatMap(({ kind, a: one, b: other }) => (kind === 'gone' ? [] : [kind === 'same' ? a[one!]! : b[other!]!]));

test('the shortest way is found, and what goes comes before what comes', () => {
  assert.equal(patch('abc', 'abc'), ' a b c');
  assert.equal(patch('abc', 'axc'), ' a-b+x c');
  assert.equal(patch('', 'ab'), '+a+b');
  assert.equal(patch('ab', ''), '-a-b');
  assert.equal(patch('', ''), '');
  assert.equal(patch('abcabba', 'cbabac').replace(/[^+-]/g, '').length, 5); // Myers' own example
  assert.equal(patch('ab', 'xy'), '-a-b+x+y');
});

test('whatever two texts are, the changes lead from the one to the other, with each line once', () => {
  let state = 7;
  const random = (n: number) => (state = (state * 1103515245 + 12345) % 2147483648) % n;
  for (let round = 0; round < 500; round++) {
    const text = () => Array.from({ length: random(12) }, () => 'abcd'[random(4)]!);
    const [a, b] = [text(), text()];
    const changes = diff(a, b);
    assert.deepEqual(carried(a, b, changes), b);
    assert.deepEqual(
      changes.flatMap(({ a: one }) => (one === undefined ? [] : [one])),
      a.map((_, n) => n),
    );
    for (const { kind, a: one, b: other } of changes) if (kind === 'same') assert.equal(a[one!], b[other!]);
  }
});

test('texts without a line in common, however long, are told at once', () => {
  const lines = (word: string) => Array.from({ length: 6000 }, (_, n) => `${word} ${n}`);
  const begun = performance.now();
  const changes = diff(lines('a'), lines('b'));
  assert.equal(changes.length, 12_000);
  assert.ok(performance.now() - begun < 20_000);
});

test('what goes stands beside what comes in its place', () => {
  assert.deepEqual(pairs(diff(['a', 'b', 'z'], ['a', 'x', 'y', 'z'])), [
    { a: 0, b: 0, same: true },
    { a: 1, b: 1, same: false },
    { b: 2, same: false },
    { a: 2, b: 3, same: true },
  ]);
});

test('within a line the part that is not in the other is found', () => {
  const part = (line: string, other: string) => line.slice(...inLine(line, other));
  assert.equal(part('"type": "string"},', '"type": "int"},'), 'string');
  assert.equal(part('same', 'same'), '');
  assert.equal(part('aa', 'a'), 'a');
  assert.equal(part('', 'a'), '');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { held, nextSort, sorted, sortedBy } from '../../src/ui/order';

const rows = [
  { key: 'a', lag: 5n },
  { key: 'b', lag: undefined },
  { key: 'c', lag: 9_223_372_036_854_775_807n },
  { key: 'd', lag: 5 },
];
const keys = (list: { key: string }[]): string => list.map(({ key }) => key).join('');

test('a head is pressed once for its own direction and again for the other', () => {
  assert.equal(nextSort('name', 'lag', true), '-lag');
  assert.equal(nextSort('-lag', 'lag', true), 'lag');
  assert.equal(nextSort('lag', 'lag', true), '-lag');
  assert.equal(nextSort('-lag', 'name', false), 'name');
  assert.equal(nextSort('name', 'name', false), '-name');
});

test('a head tells how it is sorted', () => {
  assert.equal(sortedBy('lag', 'lag'), 'ascending');
  assert.equal(sortedBy('-lag', 'lag'), 'descending');
  assert.equal(sortedBy('-lag', 'name'), undefined);
});

test('exact integers sort among numbers, the unknown comes last both ways, equals keep their places', () => {
  assert.equal(keys(sorted(rows, ({ lag }) => lag, false)), 'adcb');
  assert.equal(keys(sorted(rows, ({ lag }) => lag, true)), 'cadb');
  assert.equal(keys(rows), 'abcd');
});

test('held rows keep their places and show the values of now', () => {
  const now = [
    { key: 'c', lag: 1 },
    { key: 'x', lag: 2 },
    { key: 'a', lag: 3 },
  ];
  const kept = held<{ key: string; lag: number | bigint | undefined }>(rows, now, ({ key }) => key);
  assert.equal(keys(kept), 'abcd');
  assert.deepEqual(
    kept.map(({ lag }) => lag),
    [3, undefined, 1, 5],
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pagesOf } from '../../src/api/pages';
import { firstInSight, reveal, windowOf } from '../../src/ui/virtual';

const ROW = 32;
const COUNT = 10_214;

test('the rows drawn and the space around them are always the whole list', () => {
  for (let top = 0; top <= COUNT * ROW; top += 1777) {
    const { first, last, before, after } = windowOf({ top, height: 800 }, ROW, COUNT);
    assert.equal(before + (last - first) * ROW + after, COUNT * ROW);
    assert.ok(first * ROW <= top && Math.min(top + 800, COUNT * ROW) <= last * ROW, `${top}`);
  }
});

test('few rows are drawn, however long the list', () => {
  const { first, last } = windowOf({ top: 160_000, height: 800 }, ROW, COUNT);
  assert.ok(last - first < 50);
});

test('a list that got shorter than the place is drawn to its end', () => {
  assert.deepEqual(windowOf({ top: 5000, height: 800 }, ROW, 3), { first: 3, last: 3, before: 96, after: 0 });
  assert.deepEqual(windowOf({ top: 0, height: 800 }, ROW, 0), { first: 0, last: 0, before: 0, after: 0 });
});

test('a row in sight stays where it is, another one comes just into sight', () => {
  const view = { top: 320, height: 640 };
  assert.equal(reveal(view, ROW, 15, 33), 320);
  assert.equal(reveal(view, ROW, 3, 33), 3 * ROW);
  assert.equal(reveal(view, ROW, 40, 33), 41 * ROW + 33 - 640);
});

test('the place in the address is the row that stands first', () => {
  for (const index of [0, 1, 8123]) assert.equal(firstInSight(index * ROW, ROW), index);
});

test('only pages in sight are asked for', () => {
  assert.deepEqual(pagesOf(0, 40), [0]);
  assert.deepEqual(pagesOf(80, 120), [0, 100]);
  assert.deepEqual(pagesOf(100, 200), [100]);
  assert.deepEqual(pagesOf(10_200, 10_214), [10_200]);
  assert.deepEqual(pagesOf(0, 0), [0]);
});

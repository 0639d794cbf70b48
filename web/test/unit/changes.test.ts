import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeExact } from '../../src/api/exact';
import { integerOf, numbersOf } from '../../src/ui/integers';
import { instantOf, writtenInstant } from '../../src/ui/instant';
import { byteGrid, durationGrid, gridOf, nearest, pathOf, scaleOf, ticksOf, type Line } from '../../src/ui/plot_lines';

test('what is sent has exact integers, and nothing that is not said', () => {
  assert.equal(
    writeExact({ a: 9223372036854775807n, b: [1, 'x"', null, true], c: undefined }),
    '{"a":9223372036854775807,"b":[1,"x\\"",null,true]}',
  );
});

test('integers are read as people write them', () => {
  assert.equal(integerOf('1 204 118'), 1204118);
  assert.equal(integerOf('−5'), -5);
  assert.equal(integerOf('+5'), 5);
  assert.equal(integerOf('9223372036854775807'), 9223372036854775807n);
  for (const wrong of ['', '1.5', 'x', '1e3', '0x10']) assert.equal(integerOf(wrong), undefined, wrong);
});

test('lists of partitions have ranges', () => {
  assert.deepEqual(numbersOf('0, 2-4'), [0, 2, 3, 4]);
  for (const wrong of ['', 'a', '1-', '1;2', '0-999999']) assert.equal(numbersOf(wrong), undefined, wrong);
});

test('points of time are read in their zone, and no day is made up', () => {
  assert.equal(instantOf('2026-11-28 06:42:03', 'utc'), Date.UTC(2026, 10, 28, 6, 42, 3));
  assert.equal(instantOf('2026-11-28T06:42', 'utc'), Date.UTC(2026, 10, 28, 6, 42));
  assert.equal(instantOf('1795848123204', 'utc'), 1795848123204);
  assert.equal(instantOf(writtenInstant(1795848123000, 'local'), 'local'), 1795848123000);
  for (const wrong of ['2026-02-30 00:00', '2026-11-28', '2026-11-28 24:00', 'now'])
    assert.equal(instantOf(wrong, 'utc'), undefined, wrong);
});

test('grids have a few round steps and reach over what is highest', () => {
  assert.deepEqual(gridOf(0), [0, 1]);
  assert.deepEqual(gridOf(48_210), [0, 20_000, 40_000, 60_000]);
  assert.deepEqual(
    byteGrid(221 * 1024 ** 2),
    [0, 100, 200, 300].map((n) => n * 1024 ** 2),
  );
  assert.deepEqual(durationGrid(762_000), [0, 300_000, 600_000, 900_000]);
  for (let n = 0; n < 2000; n++) {
    const highest = 1.37 ** (n % 60) * (1 + (n % 7));
    for (const grid of [gridOf(highest), byteGrid(highest), durationGrid(highest)]) {
      assert.ok(grid.at(-1)! >= highest * 0.999, `${highest}`);
      assert.ok(grid.length >= 2 && grid.length <= 6, `${highest}: ${grid}`);
    }
  }
});

test('ticks are whole minutes of the clock', () => {
  const since = Date.UTC(2026, 0, 1, 6, 27, 30);
  assert.deepEqual(
    ticksOf(since, since + 900_000).map((at) => new Date(at).toISOString().slice(11, 16)),
    ['06:30', '06:33', '06:36', '06:39', '06:42'],
  );
  assert.ok(ticksOf(since, since + 6 * 3_600_000).length <= 7);
});

test('a line bridges a step that nobody looked at, and leaves a long gap open', () => {
  const line: Line = { name: 'a', tone: 'in', at: [0, 60_000, 180_000, 900_000], values: [0, 1, 1, 0] };
  const scale = scaleOf({ since: 0, until: 900_000, top: 1, left: 0, right: 900, high: 0, low: 100 });
  assert.equal(pathOf(line, scale), 'M0 100L60 0L180 0M900 100');
  assert.equal(nearest([line], 170_000), 180_000);
  assert.equal(nearest([], 1), undefined);
  assert.equal(scale.time(450), 450_000);
});

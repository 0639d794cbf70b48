import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { address, at } from '../../src/api/client';
import { nameOf } from '../../src/keys';
import { trendOf, withSample, type Sample } from '../../src/screens/group/trend';
import { optionText } from '../../src/screens/shared/option_text';
import { sparkPoints } from '../../src/ui/spark';

test('addresses hold what was asked, encoded, and nothing that was not', () => {
  assert.equal(address('/topics', { q: 'a b&c', show: undefined, sort: '', from: 0 }), '/topics?q=a%20b%26c&from=0');
  assert.equal(at`/groups/${'a/b?#'}/config`, '/groups/a%2Fb%3F%23/config');
});

test('keys have the names of the tables', () => {
  const key = (name: string, more = {}) =>
    nameOf({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...more });
  assert.equal(key('j'), 'j');
  assert.equal(key('?'), '?');
  assert.equal(key('K', { ctrlKey: true }), 'Ctrl k');
  assert.equal(key('k', { metaKey: true }), 'Ctrl k');
});

test('option values are said as people say them', () => {
  const said = (value: string, unit?: string) => optionText({ value, ...(unit ? { unit } : {}) });
  assert.equal(said('604800000', 'ms'), '7 days');
  assert.equal(said('-1', 'bytes'), 'without limit');
  assert.equal(said('1073741824', 'bytes'), '1 GiB');
  assert.equal(said('1048588', 'bytes'), 'about 1 MiB');
  assert.equal(said('9223372036854775807', 'ms'), 'the largest there is');
  assert.equal(said('500', 'ms'), undefined);
  assert.equal(said('604800000'), undefined);
  assert.equal(said('delete', 'ms'), undefined);
});

test('a spark spans its box, and a level line stands in the middle', () => {
  assert.deepEqual(sparkPoints([1, 3, 2], 86, 34), [
    [0, 32],
    [43, 2],
    [86, 17],
  ]);
  assert.deepEqual(sparkPoints([7, 7], 86, 34), [
    [0, 17],
    [86, 17],
  ]);
});

const looks = (lags: number[]): Sample[] =>
  lags.reduce<Sample[]>((samples, lag, n) => withSample(samples, n * 2000, lag), []);

test('the trend of a lag needs ten seconds of looking', () => {
  assert.equal(trendOf(looks([1, 2, 3, 4])), undefined);
  assert.equal(trendOf([]), undefined);
});

test('a lag that grows, shrinks, stands or is gone has its outlook', () => {
  const grows = trendOf(looks([0, 140, 280, 420, 560, 700]))!;
  assert.equal(grows.outlook, 'behind');
  assert.ok(Math.abs(grows.perSecond - 70) < 1e-9);
  const shrinks = trendOf(looks([1000, 800, 600, 400, 200]))!;
  assert.deepEqual([shrinks.outlook, shrinks.seconds], ['catching up', 2]);
  assert.equal(trendOf(looks([5, 5, 5, 5, 5, 5]))!.outlook, 'even');
  assert.equal(trendOf(looks([9, 7, 5, 3, 1, 0]))!.outlook, 'caught up');
});

test('commits come in steps, and the trend is that of the whole', () => {
  const saw = Array.from({ length: 40 }, (_, n) => 10 * n - 25 * Math.floor((n * 2) / 5));
  assert.equal(trendOf(looks(saw))!.outlook, 'even');
});

test('looks at once are one, and old ones go', () => {
  assert.equal(withSample([{ at: 0, lag: 1 }], 100, 2).length, 1);
  assert.equal(looks(Array(500).fill(1)).length, 150);
});

// The browser refuses these sinks (trusted-types 'none'); a source that uses one would fail only when it runs.
test('no source turns text into markup', () => {
  const src = join(process.env['WEB']!, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
  assert.ok(files.length > 30);
  for (const file of files)
    assert.doesNotMatch(
      readFileSync(join(src, file), 'utf8'),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|\beval\(/,
      file,
    );
});

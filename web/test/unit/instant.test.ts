import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantText, zoneName } from '../../src/ui/instant';

// The zone of the process: five and three quarter hours ahead, all year.
process.env['TZ'] = 'Asia/Kathmandu';
const AT = Date.UTC(2026, 10, 28, 18, 41, 48, 595);

test('UTC and local time differ by the zone, and milliseconds stay', () => {
  assert.deepEqual(instantText(AT, 'utc'), { date: '28 Nov 2026', clock: '18:41:48', millis: '.595' });
  assert.deepEqual(instantText(AT, 'local'), { date: '29 Nov 2026', clock: '00:26:48', millis: '.595' });
});

test('the zone is named by its distance', () => {
  assert.equal(zoneName('local', AT), 'UTC+05:45');
  assert.equal(zoneName('utc', AT), 'UTC');
});

test('what is no time is none', () => {
  for (const ms of [-1, -1n, 8_640_000_000_000_001, 9_223_372_036_854_775_807n])
    assert.equal(instantText(ms, 'utc'), undefined);
  assert.equal(instantText(0, 'utc')!.date, '1 Jan 1970');
});

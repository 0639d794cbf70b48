import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST, newestFirst } from '../../src/api/records';
import type { Payload, Record as KafkaRecord } from '../../src/api/types.gen';
import { parametersOf, recordOf, timeOf, wrongStart } from '../../src/screens/topic/messages/asked';
import { bodyOf } from '../../src/screens/topic/produce';
import { typedOf } from '../../src/screens/topic/typed';
import { placeOf, type Place } from '../../src/router';

const NOW = Date.UTC(2026, 10, 28, 6, 42);
const queryOf = (search: string) => (placeOf('/topics/orders/messages', search) as Place<'topic'>).query;

test('a time is a span back, a date, or milliseconds', () => {
  assert.equal(timeOf('-6h', NOW), NOW - 6 * 3_600_000);
  assert.equal(timeOf(' -30 m ', NOW), NOW - 1_800_000);
  assert.equal(timeOf('1795848123204', NOW), 1_795_848_123_204);
  assert.equal(timeOf('2026-11-28T06:42:00Z', NOW), NOW);
  for (const text of ['', '6h', '-6', '-6w', 'yesterday', '-99999999h', '1969-01-01']) assert.equal(timeOf(text, NOW), undefined, text);
});

test('what the address says is what the API is asked', () => {
  assert.deepEqual(parametersOf(queryOf(''), NOW), {
    from: 'newest', offset: undefined, time: undefined, partitions: undefined, key: undefined, value: undefined,
    columns: undefined,
  });
  assert.equal(parametersOf(queryOf('?from=offset&start=12'), NOW)['offset'], '12');
  assert.equal(parametersOf(queryOf('?from=time&start=-1h'), NOW)['time'], NOW - 3_600_000);
  assert.equal(parametersOf(queryOf('?key=int64&partitions=0,3'), NOW)['key'], 'int64');
});

test('a start that is none says what it should be', () => {
  assert.equal(wrongStart({ from: 'newest', start: '' }, NOW), undefined);
  assert.equal(wrongStart({ from: 'offset', start: '9223372036854775807' }, NOW), undefined);
  for (const start of ['', '-1', 'x', '1.5']) assert.match(wrongStart({ from: 'offset', start }, NOW)!, /whole number/);
  assert.match(wrongStart({ from: 'time', start: 'soon' }, NOW)!, /span back/);
});

test('a record in the address is a partition and an offset, of any size', () => {
  assert.deepEqual(recordOf('7:9223372036854775807'), { partition: '7', offset: '9223372036854775807' });
  for (const text of ['', '7', '7:', ':1', 'a:1', '1:2:3', '-1:2']) assert.equal(recordOf(text), undefined, text);
});

test('a tab that is live for an hour keeps no more than at first', () => {
  const row = (offset: number) => ({ offset }) as KafkaRecord;
  let rows: KafkaRecord[] = [];
  for (let beat = 0; beat < 3600; beat++) rows = newestFirst([row(beat * 2 + 1), row(beat * 2)], rows);
  assert.equal(rows.length, MOST);
  assert.equal(rows[0]!.offset, 7199);
});

const payload = (format: Payload['format'], text: string, more: Partial<Payload> = {}): Payload => ({
  format, text, bytes: text.length, is_json: format === 'json', cut: false, why: '', ...more,
});

test('what can be typed again is, and what cannot is left out', () => {
  assert.deepEqual(typedOf(payload('int64', '7')), { text: '7', format: 'int64' });
  assert.deepEqual(typedOf(payload('hex', 'ff')), { text: 'ff', format: 'hex' });
  for (const lost of [payload('null', ''), payload('avro', '{}'), payload('json', '{', { cut: true })])
    assert.equal(typedOf(lost), undefined);
  assert.equal(typedOf(payload('text', '\\xff', { flaw: { format: 'text', at: 0, message: 'x' } })), undefined);
});

test('a record to write leaves out what is not there', () => {
  assert.deepEqual(bodyOf({ partition: '', key: undefined, value: undefined, headers: [] }), {});
  assert.deepEqual(
    bodyOf({ partition: '3', key: { text: 'k' }, value: { text: 'v', format: 'json' }, headers: [{ name: 'h', value: undefined }] }),
    { partition: 3, key: { text: 'k' }, value: { text: 'v', format: 'json' }, headers: [{ name: 'h' }] },
  );
});

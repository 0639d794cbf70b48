import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventReader } from '../../src/api/events';
import { placeOfMistake } from '../../src/api/filter_check';
import { foundRecord, inOrder } from '../../src/api/found';
import type { FoundRecord } from '../../src/api/types.gen';
import { searchOf, wrongEnd } from '../../src/screens/topic/messages/asked';
import { conditionOf, equals, withCondition } from '../../src/screens/topic/messages/condition';
import { pathsOf, shortName, withoutPath, withPath } from '../../src/screens/topic/messages/paths';
import { overTime } from '../../src/screens/topic/messages/over_time';
import { placeOf, type Place } from '../../src/router';

const NOW = Date.UTC(2026, 10, 28, 6, 42);
const queryOf = (search: string) => (placeOf('/topics/orders/messages', search) as Place<'topic'>).query;
const found = (more: Partial<FoundRecord>): FoundRecord => ({
  partition: 0, offset: 0, timestamp: 0, headers: [], header_count: 0, bytes: 10, columns: [], ...more,
});

test('events are read wherever the stream is cut into pieces, with exact integers', () => {
  const text = 'id: c-1\nevent: records\ndata: [{"offset":9223372036854775807}]\n\n: alive\n\nevent: progress\ndata: {"a":1}\n\nevent: done\ndata: {';
  for (let cut = 0; cut <= text.length; cut++) {
    const reader = new EventReader();
    const events = [...reader.push(text.slice(0, cut)), ...reader.push(text.slice(cut))];
    assert.deepEqual(events, [
      { event: 'records', data: [{ offset: 9223372036854775807n }], id: 'c-1' },
      { event: 'progress', data: { a: 1 } },
    ]);
  }
});

test('a mistake is at a place in bytes, and marked in characters', () => {
  const text = 'key == "größe" && value.x == sttus';
  const bytes = new TextEncoder().encode(text.slice(0, text.indexOf('sttus'))).length;
  const { from, to } = placeOfMistake(text, { at: bytes, length: 5, message: '' });
  assert.equal(text.slice(from, to), 'sttus');
  assert.deepEqual(placeOfMistake('key', { at: 3, length: 0, message: '' }), { from: 3, to: 3 });
  assert.deepEqual(placeOfMistake('key', { at: 90, length: 9, message: '' }), { from: 3, to: 3 });
});

test('what is found is a row: JSON, text, bytes, a tombstone, a record without time', () => {
  const row = foundRecord(found({ key: { bytes: 1, cut: false, text: 'k' }, value: { bytes: 3, cut: true, text: '{"a' } }));
  assert.deepEqual([row.key.format, row.value.format, row.value.is_json, row.value.cut], ['text', 'json', true, true]);
  assert.equal(foundRecord(found({ value: { bytes: 2, cut: false, base64: '/wA=' } })).value.text, 'ff00');
  const read = { schema: 7, json: '{"id":1}', cut: false };
  assert.equal(foundRecord(found({ value: { bytes: 6, cut: false, base64: 'AAAAAAcC', read } })).value.text, '{"id":1}');
  const unread = { schema: 8, json: '', cut: false, problem: 'schema 8: Schema not found' };
  assert.equal(foundRecord(found({ value: { bytes: 5, cut: false, base64: 'AAAAAAg=', read: unread } })).value.text, '0000000008');
  const bare = foundRecord({ partition: 1, offset: 2, headers: [], header_count: 0, bytes: 1, columns: [] });
  assert.deepEqual([bare.value.format, bare.key.format, bare.timestamp], ['null', 'null', -1]);
  for (const [text, isJson] of [['12', true], ['true', true], ['order 12', false], ['nullable', false], ['tombstone', false], ['', false]] as const)
    assert.equal(foundRecord(found({ value: { bytes: 1, cut: false, text } })).value.is_json, isJson, text);
});

test('rows of several windows are in one order: time, then partition, then offset', () => {
  const rows = [found({ offset: 1, timestamp: 5 }), found({ offset: 9n ** 20n, timestamp: 5 }), found({ partition: 1, offset: 3, timestamp: 9 })].map(foundRecord);
  assert.deepEqual(inOrder([...rows], true).map(({ offset }) => offset), [3, 9n ** 20n, 1]);
  assert.deepEqual(inOrder([...rows], false).map(({ offset }) => offset), [1, 9n ** 20n, 3]);
});

test('where a search begins and ends is what the address says', () => {
  const of = (search: string) => searchOf(queryOf(`?where=a%20b${search}`), NOW);
  const none = { where: 'a b', order: undefined, offset: undefined, from: undefined, until: undefined, partitions: undefined, columns: undefined };
  assert.deepEqual(of(''), none);
  assert.deepEqual(of('&until=-1h'), { ...none, from: NOW - 3_600_000 });
  assert.deepEqual(of('&from=oldest&until=-1h'), { ...none, order: 'oldest', until: NOW - 3_600_000 });
  assert.deepEqual(of('&from=time&start=-2h&partitions=3'), { ...none, order: 'oldest', from: NOW - 7_200_000, partitions: '3' });
  assert.deepEqual(of('&from=offset&start=9223372036854775807'), { ...none, order: 'oldest', offset: '9223372036854775807' });
  assert.equal(wrongEnd('', NOW), undefined);
  assert.match(wrongEnd('soon', NOW)!, /span back/);
});

test('a value becomes a condition, and conditions become one filter', () => {
  const of = (path: string, text: string, kind: 'string' | 'number' | 'word' | 'mark') => conditionOf({ path, text, kind });
  assert.equal(of('value.id', '9223372036854775807', 'number'), 'value.id == 9223372036854775807');
  assert.equal(of('value.x', '"a\\/b\\u0041\\n"', 'string'), 'value.x == "a/bA\\n"');
  assert.equal(of('value["a b"]', 'null', 'word'), 'value["a b"] == null');
  assert.equal(of('value', '{', 'mark'), undefined);
  assert.equal(of('value.x', `"${'x'.repeat(600)}"`, 'string'), undefined);
  assert.equal(equals('key', 'a"b'), 'key == "a\\"b"');
  assert.equal(withCondition('', 'a == 1'), 'a == 1');
  assert.equal(withCondition('order 4711', 'a == 1'), 'a == 1');
  assert.equal(withCondition('value.paid', 'a == 1'), 'value.paid && a == 1');
  assert.equal(withCondition('b > 2', 'a == 1'), 'b > 2 && a == 1');
  assert.equal(withCondition('b > 2 || c', 'a == 1'), '(b > 2 || c) && a == 1');
  assert.equal(withCondition('b > 2 && a == 1', 'a == 1'), 'b > 2 && a == 1');
});

test('paths of columns are a list with commas, but for those in quotes, brackets and parentheses', () => {
  const list = 'value.a,value["b,c"],size(value.x, 1),value["]"].d';
  assert.deepEqual(pathsOf(list), ['value.a', 'value["b,c"]', 'size(value.x, 1)', 'value["]"].d']);
  assert.deepEqual(pathsOf(''), []);
  assert.equal(withPath('value.a', 'value.b'), 'value.a,value.b');
  assert.equal(withPath('value.a', 'value.a'), 'value.a');
  assert.equal(withPath('a,b,c,d,e,f,g,h', 'i'), 'a,b,c,d,e,f,g,h', 'no more than the server takes');
  assert.equal(withoutPath(list, 'value["b,c"]'), 'value.a,size(value.x, 1),value["]"].d');
  assert.equal(shortName('value.user.id'), 'id');
  assert.equal(shortName('size(value.x)'), 'size(value.x)');
});

test('matches over time: columns of the span, and how far the search is', () => {
  const rows = [0, 10, 99, 100].map((timestamp) => foundRecord(found({ timestamp })));
  const shown = overTime(rows, 0)!;
  assert.deepEqual([shown.from, shown.to, shown.edge], [0, 100, 0]);
  assert.equal(shown.counts.reduce((a, b) => a + b), 4);
  assert.deepEqual([shown.counts[0], shown.counts.at(-1)], [1, 2]);
  assert.equal(overTime(rows, 50, { since: 0, until: 100 })!.edge, 0.5);
  assert.equal(overTime([], undefined), undefined);
  assert.equal(overTime([rows[0]!], undefined), undefined, 'one moment is no span');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Payload, RecordDetail } from '../../src/api/types.gen';
import { importOf, lineOf, MOST_LINES } from '../../src/screens/topic/ndjson';

test('a file of records is read line by line, exactly, and what is wrong says where', () => {
  const good = '{"partition":3,"offset":9,"timestamp":9007199254740993,"key":{"text":"k"},"value":{"text":"{}","format":"json"},"headers":[{"name":"h"}]}';
  assert.deepEqual(importOf(`${good}\r\n\n{}\n`), {
    records: [
      { partition: 3, timestamp: 9007199254740993n, key: { text: 'k' }, value: { text: '{}', format: 'json' }, headers: [{ name: 'h' }] },
      {},
    ],
    wrong: [],
    wrongLines: 0,
  });
  const wrong: [string, RegExp][] = [
    ['{"value":', /no JSON/], ['[]', /is an object/], ['7', /is an object/], ['{"valeu":{}}', /no "valeu"/], ['{"value":"x"}', /value has to be/],
    ['{"key":{"text":1}}', /key has to be/], ['{"partition":1.5}', /whole number/], ['{"headers":{}}', /list/], ['{"headers":[{"value":{"text":"x"}}]}', /a header is/],
  ];
  const plan = importOf(wrong.map(([line]) => line).join('\n'));
  assert.equal(plan.wrongLines, wrong.length);
  assert.equal(plan.wrong.length, 5);
  for (const [line, message] of wrong) assert.match(importOf(line).wrong[0]!.message, message, line);
  assert.equal(importOf(`\n\n[]`).wrong[0]!.line, 3);
  const many = importOf('{}\n'.repeat(MOST_LINES + 5));
  assert.deepEqual([many.records.length, many.wrongLines], [MOST_LINES, 1]);
});

test('a record is saved as a line that can be read again, with its bytes where a text does not say them', async () => {
  const payload = (format: Payload['format'], text: string, more: Partial<Payload> = {}): Payload => ({
    format, text, bytes: text.length, is_json: false, cut: false, why: '', ...more,
  });
  const detail = (key: Payload, value: Payload): RecordDetail => ({
    record: { partition: 1, offset: 2, timestamp: 9007199254740993n, timestamp_kind: 'create', key, value, headers: 1, bytes: 9 },
    header_list: [{ name: 'h', value: payload('null', '') }],
    batch: { base_offset: 0, records: 1, bytes: 1, codec: 'none', leader_epoch: 0, transactional: false },
  });
  const bytes = async () => new Uint8Array([0, 255]);
  const line = await lineOf(detail(payload('int64', '42'), payload('avro', '{"id":1}')), bytes);
  assert.equal(
    line,
    '{"partition":1,"offset":2,"timestamp":9007199254740993,"key":{"text":"42","format":"int64"},"value":{"text":"AP8=","format":"base64"},"headers":[{"name":"h"}]}',
  );
  assert.equal(importOf(line).wrongLines, 0);
  assert.equal((await lineOf(detail(payload('null', ''), payload('text', 'x', { cut: true })), bytes)).includes('"AP8="'), true, 'what is cut is fetched');
  const more = detail(payload('null', ''), payload('null', ''));
  await assert.rejects(lineOf({ ...more, record: { ...more.record, headers: 2 } }, bytes));
});

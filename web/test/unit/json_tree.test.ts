import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLines, oneLine, previewParts, unfolded } from '../../src/ui/json_tree';

const texts = (json: string) => jsonLines(json)?.map(({ name, text, comma }) => (name ? name + ':' : '') + text + (comma ? ',' : ''));

test('every line of a tree says what was written, numbers as they are', () => {
  assert.deepEqual(texts('{"id": 9223372036854775807, "x":[1.0,1e400,-0],"e":{},"s":"a\\u0000\\"b","n":null}'), [
    '{', '"id":9223372036854775807,', '"x":[', '1.0,', '1e400,', '-0', '],', '"e":{', '},', '"s":"a\\u0000\\"b",', '"n":null', '}',
  ]);
  assert.deepEqual(texts('"x"'), ['"x"']);
});

test('a place in the tree is named as it would be asked for', () => {
  const paths = jsonLines('{"user":{"id":1},"a b":[[7]]}')!.map(({ path }) => path);
  assert.ok(paths.includes('value.user.id'));
  assert.ok(paths.includes('value["a b"][0][0]'));
});

test('what is no JSON as a whole is no tree', () => {
  for (const text of ['', '{', '{"a"}', '[1,]', '[1 2]', '{"a":1,}', '{a:1}', '1 2', "{'a':1}", '{"a":1}}', 'nulll'])
    assert.equal(jsonLines(text), undefined, text);
  assert.equal(jsonLines('['.repeat(300) + ']'.repeat(300)), undefined);
});

test('a folded one is one line, and says how many it holds', () => {
  const lines = jsonLines('{"a":[1,2,3],"b":1}')!;
  assert.equal(lines[1]!.count, 3);
  assert.deepEqual(unfolded(lines, new Set([1]), 100), [0, 1, 6, 7]);
  assert.deepEqual(unfolded(lines, new Set([0]), 100), [0]);
  assert.deepEqual(unfolded(lines, new Set(), 3), [0, 1, 2]);
});

test('ten megabytes are read in no time that anybody sees', () => {
  const text = '[' + '{"key":"value","n":9223372036854775807},'.repeat(250_000) + 'null]';
  const lines = jsonLines(text)!;
  assert.equal(lines.length, 250_000 * 4 + 3);
});

test('a preview is one line, and a text that is cut shows what is there', () => {
  assert.equal(oneLine('{\n  "a b": "c  d",\n  "e": 1\n}'), '{ "a b": "c  d", "e": 1 }');
  assert.deepEqual(previewParts('{"a": -1.5e3, "b": tr').map(({ text }) => text).join(''), '{"a": -1.5e3, "b": tr');
  assert.deepEqual(
    previewParts('{"a":"x"').map(({ kind }) => kind),
    ['mark', 'name', 'mark', 'string'],
  );
});

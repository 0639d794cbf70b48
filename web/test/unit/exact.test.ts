import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exactInteger, parseExact } from '../../src/api/exact';

const LONG = '9223372036854775807';

test('integers that a number cannot hold are bigints, all others are numbers', () => {
  assert.equal(parseExact(LONG), 9_223_372_036_854_775_807n);
  assert.deepEqual(parseExact(`{"a":${LONG},"b":-${LONG},"c":12,"d":9007199254740991,"e":9007199254740992}`), {
    a: 9_223_372_036_854_775_807n,
    b: -9_223_372_036_854_775_807n,
    c: 12,
    d: 9_007_199_254_740_991,
    e: 9_007_199_254_740_992n,
  });
  assert.equal(exactInteger('12'), 12);
});

test('digits inside a text stay text', () => {
  assert.deepEqual(parseExact(`["${LONG}", "\\"${LONG}", "a\\\\", {"${LONG}":1}]`), [
    LONG,
    `"${LONG}`,
    'a\\',
    { [LONG]: 1 },
  ]);
});

test('both ways of reading give the same', () => {
  const texts = [
    '[]',
    '{}',
    '[1,2.5,-3e2,0]',
    '{"a":{"b":[null,true,false,"\\u00e4\\n"]},"":""}',
    ' [ 1 , { "x" : [ ] } ] ',
    '"text"',
    '[[[[]]]]',
    '1.5',
  ];
  for (const text of texts)
    assert.deepEqual(parseExact(`[${text},${LONG}]`), [JSON.parse(text), 9_223_372_036_854_775_807n], text);
});

test('what JSON.parse refuses is refused', () => {
  const wrong = [
    '',
    '[1,]',
    '{"a":1,}',
    '{"a" 1}',
    '{a:1}',
    '[1 2]',
    '[01]',
    '["\n"]',
    '["a]',
    '[tru]',
    '{"a":1}}',
    '[1]]',
    '[,1]',
    '{,}',
    '[1.]',
    '[.5]',
    '{"a":}',
    '{1:2}',
    '[+1]',
  ];
  for (const text of wrong) {
    assert.throws(() => JSON.parse(text), SyntaxError, text);
    assert.throws(() => parseExact(`{"long":${LONG},"x":${text}}`), SyntaxError, text);
  }
  assert.throws(() => parseExact(`${LONG} 1`), SyntaxError);
});

test('a member called __proto__ is a member', () => {
  const value = parseExact(`{"__proto__":{"admin":true},"n":${LONG}}`) as Record<string, unknown>;
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value), ['__proto__', 'n']);
});

test('nesting has a bound', () => {
  assert.throws(() => parseExact('['.repeat(100_000) + LONG), SyntaxError);
});

test('ten thousand rows are read in a moment', () => {
  const row = `{"topic":"orders.events.v1","partition":7,"end":${LONG},"lag":48210,"gone":false}`;
  const text = `[${Array(10_000).fill(row).join(',')}]`;
  const begun = performance.now();
  assert.equal((parseExact(text) as unknown[]).length, 10_000);
  assert.ok(performance.now() - begun < 500, `${performance.now() - begun} ms`);
});

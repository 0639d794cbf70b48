import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, bytes, digitGroups, duration, even, pieces, sentence, span, three } from '../../src/ui/text';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test('digits are grouped by threes, and joined give the number again', () => {
  const cases: [number | bigint, string[]][] = [
    [0, ['0']],
    [999, ['999']],
    [1000, ['1', '000']],
    [10_214, ['10', '214']],
    [-999, ['-999']],
    [-1000, ['-1', '000']],
    [-100_000, ['-100', '000']],
    [1234.5, ['1', '234.5']],
    [9_223_372_036_854_775_807n, ['9', '223', '372', '036', '854', '775', '807']],
    [-9_223_372_036_854_775_808n, ['-9', '223', '372', '036', '854', '775', '808']],
  ];
  for (const [value, groups] of cases) {
    assert.deepEqual(digitGroups(value), groups);
    assert.equal(groups.join(''), String(value));
  }
});

test('three digits count', () => {
  for (const [value, text] of [
    [0, '0'],
    [0.0123, '0.012'],
    [0.5, '0.5'],
    [1.868, '1.87'],
    [27.44, '27.4'],
    [103.5, '104'],
    [61, '61'],
    [9.999, '10'],
  ] as const)
    assert.equal(three(value), text);
});

test('sizes take the unit in which they have at most three digits', () => {
  const cases: [number | bigint, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1 KiB'],
    [1_048_576, '1 MiB'],
    [1023 * 1024, '1 MiB'],
    [29_420_461_260, '27.4 GiB'],
    [9_223_372_036_854_775_807n, '8 EiB'],
  ];
  for (const [value, text] of cases) {
    const { value: figure, unit } = bytes(value);
    assert.equal(`${figure} ${unit}`, text);
  }
});

test('a duration to compare has one unit', () => {
  for (const [ms, text] of [
    [0, '0 ms'],
    [36, '36 ms'],
    [1200, '1.2 s'],
    [12.7 * MINUTE, '12.7 min'],
    [7 * DAY, '7 d'],
    [36 * HOUR, '1.5 d'],
  ] as const) {
    const { value, unit } = duration(ms);
    assert.equal(`${value} ${unit}`, text);
  }
});

test('a span that runs on has two units at most, and no lesser one after a gap', () => {
  for (const [ms, text] of [
    [0, '0 s'],
    [999, '0 s'],
    [3 * SECOND, '3 s'],
    [2 * HOUR + 11 * MINUTE, '2 h 11 min'],
    [41 * DAY + 6 * HOUR, '41 d 6 h'],
    [DAY + 5 * MINUTE, '1 d'],
    [-5, '0 s'],
  ] as const)
    assert.equal(span(ms), text);
});

test('an age has one unit, and a time ahead is said to be ahead', () => {
  for (const [ms, text] of [
    [400, '0 s ago'],
    [3 * SECOND, '3 s ago'],
    [2 * HOUR + 11 * MINUTE, '2 h ago'],
    [-3 * MINUTE, 'in 3 min'],
  ] as const)
    assert.equal(ago(ms), text);
});

test('only even times are said in words', () => {
  for (const [ms, text] of [
    [7 * DAY, '7 days'],
    [DAY, '1 day'],
    [90 * MINUTE, '90 minutes'],
    [1500, undefined],
    [0, undefined],
    [-1, undefined],
    [9_223_372_036_854_775_807n, undefined],
  ] as const)
    assert.equal(even(ms), text);
});

test('a message becomes a sentence', () => {
  assert.equal(sentence('the token is in the log'), 'The token is in the log.');
  assert.equal(sentence('There is no topic x.'), 'There is no topic x.');
});

test('characters that do not show stand as their numbers', () => {
  assert.deepEqual(pieces('plain-name.v1'), [{ text: 'plain-name.v1', hidden: false }]);
  assert.deepEqual(pieces('a\u202Eb'), [
    { text: 'a', hidden: false },
    { text: 'U+202E', hidden: true },
    { text: 'b', hidden: false },
  ]);
  const bad = [
    '\u0000',
    '\n',
    '\u007f',
    '\u009b',
    '\u00ad',
    '\u200b',
    '\u200f',
    '\u2028',
    '\u2066',
    '\u2069',
    '\ufeff',
    '\ud800',
    '\udc00',
  ];
  for (const one of bad) assert.equal(pieces(one)[0]!.hidden, true, one.charCodeAt(0).toString(16));
  for (const one of ['ä', '漢', '🙂', ' ', '<']) assert.deepEqual(pieces(one), [{ text: one, hidden: false }]);
});

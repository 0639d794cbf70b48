// Dead letters: the command that replays them, which ones are chosen, and an act in parts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src/api/types.gen';
import { inParts } from '../../src/screens/changes/parts';
import { lettersOf, placesIn, toggled } from '../../src/screens/dead_letters/chosen';
import { replayCommand } from '../../src/screens/dead_letters/replay';

test('words of strangers stay one word in the command', () => {
  assert.equal(replayCommand('dlq.orders'), 'thalweg dlq replay dlq.orders --dry-run');
  assert.equal(replayCommand("it's $(rm -rf)"), "thalweg dlq replay 'it'\\''s $(rm -rf)' --dry-run");
});

test('chosen letters are read from the address, exactly, and what is none is left out', () => {
  assert.deepEqual(lettersOf('3:4711,0:9007199254740993,x,1:,:2'), [
    { partition: 3, offset: 4711 },
    { partition: 0, offset: 9007199254740993n },
  ]);
  assert.deepEqual(placesIn(''), []);
  assert.equal(toggled('3:1,0:2', ['3:1'], false), '0:2');
  assert.equal(toggled('3:1', ['3:1', '0:2'], true), '3:1,0:2');
});

const part = (letters: number, left: number, next?: string): Plan =>
  ({ title: `${letters} letters sent back`, replay: { letters, left, next, targets: [], sent_before: 0, stay: 0 } }) as unknown as Plan;

test('an act goes on while something is left, says how far it is, and ends when it is told', async () => {
  const run = async (parts: (Plan | undefined)[], stopAfter = 99) => {
    const said: string[] = [];
    let asked = 0;
    const done = await inParts(
      async () => parts[asked++],
      () => asked >= stopAfter,
      (text) => said.push(text),
    );
    return { done, said, asked };
  };
  assert.deepEqual(await run([part(2, 0)]), { done: '2 letters sent back', said: [], asked: 1 });
  assert.deepEqual(await run([part(10, 5), part(5, 0)]), { done: '15 sent back', said: ['10 sent, 5 left'], asked: 2 });
  assert.deepEqual(await run([part(10, 5), part(5, 0)], 1), { done: '10 sent back, 5 left', said: [], asked: 1 });
  assert.deepEqual((await run([part(10, 5), undefined])).done, undefined);
});

test('an act goes on behind what one part looks at, from where the part before ended', async () => {
  const run = async (parts: Plan[], stopAfter = 99) => {
    const said: string[] = [];
    const asked: (string | undefined)[] = [];
    const done = await inParts(
      async (from) => {
        asked.push(from);
        return parts[asked.length - 1];
      },
      () => asked.length >= stopAfter,
      (text) => said.push(text),
    );
    return { done, said, asked };
  };
  assert.deepEqual(await run([part(2000, 0, 'b'), part(1500, 500, 'b'), part(500, 0)]), {
    done: '4000 sent back',
    said: ['2000 sent, more are left', '3500 sent, 500 left'],
    asked: [undefined, 'b', 'b'],
  });
  assert.deepEqual((await run([part(2000, 0, 'b'), part(5, 0)], 1)).done, '2000 sent back, more are left');
  assert.deepEqual((await run([part(0, 0, 'b'), part(0, 0)])).done, '0 sent back');
});

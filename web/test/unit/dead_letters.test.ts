// The command that replays letters of a cause.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayCommand } from '../../src/screens/dead_letters/replay';

const cause = { count: 1, first_at: 0, last_at: 0, partition: 0, offset: 0 };

test('a replay names error and origin, and words of strangers stay one word', () => {
  assert.equal(replayCommand('dlq.orders'), 'thalweg dlq replay dlq.orders --dry-run');
  assert.equal(
    replayCommand('dlq.orders', { ...cause, error: "it's $(rm -rf)", origin: 'orders' }),
    "thalweg dlq replay dlq.orders --where 'error=it'\\''s $(rm -rf)' --where origin=orders --dry-run",
  );
});

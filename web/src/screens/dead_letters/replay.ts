// What `thalweg dlq replay` is told, so that a shell takes each word as one.
import type { LetterCause } from '../../api/types.gen';

const quoted = (word: string): string => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

// Letters of one cause; those of its error and origin, since these are what the command tells apart.
export function replayCommand(queue: string, cause?: LetterCause): string {
  const where = [
    ...(cause?.error === undefined ? [] : ['--where', `error=${cause.error}`]),
    ...(cause?.origin === undefined ? [] : ['--where', `origin=${cause.origin}`]),
  ];
  return ['thalweg dlq replay', ...[queue, ...where, '--dry-run'].map(quoted)].join(' ');
}

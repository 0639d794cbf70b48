// What `thalweg dlq replay` is told, so that a shell takes each word as one.

const quoted = (word: string): string => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export const replayCommand = (queue: string): string => ['thalweg dlq replay', ...[queue, '--dry-run'].map(quoted)].join(' ');

// Server-sent events, read by fetch: they can be ended by whoever reads them, and a refusal is a problem like any other.
import { parseExact } from './exact';
import { streamed, Trouble } from './client';

export interface ServerEvent {
  event: string;
  data: unknown;
  id?: string; // where to go on, of those that have one
}

// Text as it comes to events as they are complete. What is cut off within an event is no event.
export class EventReader {
  private rest = '';

  push(text: string): ServerEvent[] {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop()!;
    return blocks.flatMap((block) => {
      const fields = new Map(block.split('\n').map((line) => fieldOf(line)));
      const data = fields.get('data');
      if (data === undefined) return []; // a comment, which only keeps the connection
      const id = fields.get('id');
      return [{ event: fields.get('event') ?? 'message', data: parseExact(data), ...(id ? { id } : {}) }];
    });
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

// Calls with each event of GET `path`, until the last one. Throws a Trouble where the server refuses, or where the
// connection is lost; an abort is thrown as fetch throws it.
export async function follow(path: string, signal: AbortSignal, take: (event: ServerEvent) => void): Promise<void> {
  const body = await streamed(path, signal);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  const events = new EventReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      if (signal.aborted) throw error;
      throw new Trouble('The connection was cut', undefined, 'The server may have stopped, or the network is cut.');
    });
    if (done) return;
    for (const event of events.push(value)) take(event);
  }
}

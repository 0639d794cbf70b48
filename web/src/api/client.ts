// Asks the server. An answer is a value of types.gen.ts with exact integers; a refusal is a Trouble.
import { parseExact, writeExact } from './exact';
import type { Problem } from './types.gen';

export const BASE = '/api/v1';

// What went wrong, for people: with the server's own words where it gave some.
export class Trouble extends Error {
  constructor(
    message: string,
    readonly problem?: Problem,
    readonly hint?: string,
  ) {
    super(message);
  }
  // Whether nobody answered, rather than somebody with a refusal.
  get unanswered(): boolean {
    return this.problem === undefined;
  }
  // Whether asking the same again would only be refused again: there is no such topic, the expression is wrong.
  get final(): boolean {
    const status = this.problem?.status ?? 0;
    return status >= 400 && status < 500 && status !== 401 && status !== 429;
  }
}

export type Parameters = Record<string, string | number | undefined>;

// "/topics" and {q: "a b"} to "/topics?q=a%20b"; what is undefined or empty is left out.
export function address(path: string, parameters: Parameters = {}): string {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  return query ? `${path}?${query}` : path;
}

// A path with its names percent-encoded: at`/groups/${group}/config`.
export function at(parts: TemplateStringsArray, ...names: (string | number)[]): string {
  return parts.reduce((path, part, index) => path + encodeURIComponent(String(names[index - 1])) + part);
}

type Listener = (answered: boolean, status: number) => void;
const listeners: Listener[] = [];

// Told of each request's end: whether anybody answered, and with which HTTP status.
export function onAnswer(listener: Listener): void {
  listeners.push(listener);
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask<T>('GET', path, undefined, signal);
export const post = <T>(path: string, body: unknown): Promise<T> => ask<T>('POST', path, body);
export const remove = (path: string): Promise<unknown> => ask('DELETE', path);
// A change, carried out if it still does what `plan` says.
export const change = <T>(method: string, path: string, body: unknown, plan: string): Promise<T> =>
  ask<T>(method, path, body, undefined, { 'If-Match': `"${plan}"` });
export const dryRun = <T>(method: string, path: string, body: unknown, signal: AbortSignal): Promise<T> =>
  ask<T>(method, `${path}${path.includes('?') ? '&' : '?'}dry_run=true`, body, signal);

// The bytes of an answer as they come: for events.
export async function streamed(path: string, signal: AbortSignal): Promise<ReadableStream<BufferSource>> {
  const response = await send('GET', path, undefined, signal, { Accept: 'text/event-stream' });
  for (const listener of listeners) listener(true, response.status);
  if (!response.ok || !response.body) throw refusal(response, await response.text().catch(() => ''));
  return response.body;
}

// An answer that is bytes.
export async function bytes(path: string): Promise<Uint8Array> {
  const response = await send('GET', path, undefined, undefined, { Accept: '*/*' });
  if (!response.ok) throw refusal(response, await response.text().catch(() => ''));
  return new Uint8Array(await response.arrayBuffer());
}

type More = Record<string, string>; // headers

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, more: More = {}): Promise<T> {
  const given = method === 'GET' ? boot.take(BASE + path) : undefined;
  if (given !== undefined) return given as T;
  const response = await send(method, path, body, signal, more);
  const text = await response.text().catch(() => '');
  for (const listener of listeners) listener(true, response.status);
  if (!response.ok) throw refusal(response, text);
  return (response.status === 204 ? undefined : parsed(text)) as T;
}

async function send(
  method: string,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
  more: More,
): Promise<Response> {
  try {
    const headers: Record<string, string> = { Accept: 'application/json', ...more };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    return await fetch(BASE + path, {
      method,
      headers,
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: writeExact(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    for (const listener of listeners) listener(false, 0);
    throw new Trouble(
      'The server does not answer',
      undefined,
      'It may be stopped or starting, or the network is cut. This page goes on asking.',
    );
  }
}

function parsed(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    throw new Trouble(
      'The answer is not JSON',
      undefined,
      'Something between this page and the server may have changed it.',
    );
  }
}

function refusal(response: Response, text: string): Trouble {
  const type = response.headers.get('Content-Type') ?? '';
  if (!type.includes('json')) {
    return new Trouble(`The server answered ${response.status} ${response.statusText}`.trim(), {
      type: 'about:blank',
      title: `HTTP ${response.status}`,
      status: response.status,
    });
  }
  const problem = parsed(text) as Problem;
  return new Trouble(problem.title, problem, problem.hint);
}

// The first page's answers, which come inside the HTML so that no round trip precedes the first table. Each is used once.
const boot = {
  answers: undefined as Record<string, unknown> | undefined,
  take(path: string): unknown {
    this.answers ??= this.read();
    const answer = this.answers[path];
    delete this.answers[path];
    return answer;
  },
  read(): Record<string, unknown> {
    const text = globalThis.document?.getElementById('boot')?.textContent;
    return text ? (parsed(text) as Record<string, unknown>) : {};
  },
};

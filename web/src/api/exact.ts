// JSON with its integers as they are written. JSON.parse rounds what lies beyond 2^53; offsets, sequences and times may.
// Texts without a long run of digits take the browser's own parser; the others are read here, and an integer that a
// number cannot hold becomes a bigint.

const LONG_RUN = /\d{16}/;

// Throws SyntaxError, as JSON.parse does.
export function parseExact(text: string): unknown {
  if (!LONG_RUN.test(text)) return JSON.parse(text);
  const reader = new Reader(text);
  const value = reader.value();
  reader.end();
  return value;
}

export function exactInteger(digits: string): number | bigint {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : BigInt(digits);
}

// What a token is, at the place where the last one ended. A string is taken whole and left to JSON.parse, for its escapes.
const TOKEN =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\.)*")|(-?(?:0|[1-9]\d*))((?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;
const WORDS: Record<string, unknown> = { true: true, false: false, null: null };
const DEEPEST = 512; // levels; an answer of the API has about six

class Reader {
  private at = 0;
  private depth = 0;
  constructor(private readonly text: string) {}

  value(token = this.token()): unknown {
    const [, mark, string, integer, rest, word] = token;
    if (string !== undefined) return JSON.parse(string);
    if (integer !== undefined) return rest ? Number(integer + rest) : exactInteger(integer);
    if (word !== undefined) return WORDS[word];
    if (mark === '{') return this.nested(() => this.object());
    if (mark === '[') return this.nested(() => this.array());
    throw this.wrong();
  }

  end(): void {
    if (this.text.slice(this.at).trim() !== '') throw this.wrong();
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > DEEPEST) throw new SyntaxError('JSON is nested too deep');
    const value = read();
    this.depth--;
    return value;
  }

  private object(): Record<string, unknown> {
    const members: [string, unknown][] = [];
    for (let token = this.token(); token[1] !== '}'; token = this.token()) {
      if (members.length > 0) token = this.after(',', token);
      if (token[2] === undefined) throw this.wrong();
      this.after(':', this.token(), false);
      members.push([JSON.parse(token[2]) as string, this.value()]);
    }
    return Object.fromEntries(members); // defines "__proto__" as a member like any other
  }

  private array(): unknown[] {
    const items: unknown[] = [];
    for (let token = this.token(); token[1] !== ']'; token = this.token()) {
      if (items.length > 0) token = this.after(',', token);
      items.push(this.value(token));
    }
    return items;
  }

  // Checks that `token` is the mark, and reads the one behind it if that is wanted.
  private after(mark: string, token: RegExpExecArray, next = true): RegExpExecArray {
    if (token[1] !== mark) throw this.wrong();
    return next ? this.token() : token;
  }

  private token(): RegExpExecArray {
    TOKEN.lastIndex = this.at;
    const token = TOKEN.exec(this.text);
    if (!token) throw this.wrong();
    this.at = TOKEN.lastIndex;
    return token;
  }

  private wrong(): SyntaxError {
    return new SyntaxError(`JSON is wrong at ${this.at}`);
  }
}

// JSON of a value whose integers may be bigints: they are written as the numbers that they are.
export function writeExact(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(writeExact).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${writeExact(one)}`).join(',')}}`;
}

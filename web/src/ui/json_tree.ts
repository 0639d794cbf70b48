// JSON as lines that can be folded, with every number as it was written. No value becomes a JavaScript number: these
// would round what is beyond 2^53.
export type JsonKind = 'string' | 'number' | 'word' | 'mark';

export interface JsonLine {
  depth: number;
  name?: string; // of a member, as it is written: in quotes
  text: string; // of the value, or the bracket that opens or closes
  kind: JsonKind;
  close?: number; // of a line that opens: the index of the line that closes
  count?: number; // of a line that opens: elements or members
  comma: boolean;
  path: string; // value.user.id, value[0]
}

const TOKEN = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/y;
const DEEPEST = 200;
const PLAIN_NAME = /^[A-Za-z_]\w*$/;

// undefined: it is not JSON as a whole, or nested deeper than is shown as a tree.
export function jsonLines(text: string, root = 'value'): JsonLine[] | undefined {
  try {
    return new Lines(text).read(root);
  } catch (error) {
    if (error instanceof NoJson) return undefined;
    throw error;
  }
}

class NoJson extends Error {}

class Lines {
  private at = 0;
  private readonly lines: JsonLine[] = [];
  constructor(private readonly text: string) {}

  read(root: string): JsonLine[] {
    this.value(this.token(), { depth: 0, path: root });
    if (this.text.slice(this.at).trim() !== '') throw new NoJson();
    return this.lines;
  }

  private token(): RegExpExecArray {
    TOKEN.lastIndex = this.at;
    const token = TOKEN.exec(this.text);
    if (!token) throw new NoJson();
    this.at = TOKEN.lastIndex;
    return token;
  }

  private value(token: RegExpExecArray, place: { depth: number; path: string; name?: string }): void {
    const [, mark, string, number, word] = token;
    if (mark === '{' || mark === '[') return this.nested(mark, place);
    const text = string ?? number ?? word;
    if (text === undefined) throw new NoJson();
    const kind = string !== undefined ? 'string' : number !== undefined ? 'number' : 'word';
    this.lines.push({ ...place, text, kind, comma: false });
  }

  private nested(open: string, place: { depth: number; path: string; name?: string }): void {
    if (place.depth >= DEEPEST) throw new NoJson();
    const close = open === '{' ? '}' : ']';
    const head: JsonLine = { ...place, text: open, kind: 'mark', comma: false, count: 0 };
    this.lines.push(head);
    let count = 0;
    for (let token = this.token(); token[1] !== close; token = this.token()) {
      if (count > 0) {
        if (token[1] !== ',') throw new NoJson();
        this.lines.at(-1)!.comma = true;
        token = this.token();
      }
      this.inner(open, token, place, count++);
    }
    head.count = count;
    head.close = this.lines.length;
    this.lines.push({ depth: place.depth, path: place.path, text: close, kind: 'mark', comma: false });
  }

  private inner(open: string, token: RegExpExecArray, { depth, path }: { depth: number; path: string }, index: number) {
    if (open === '[') return this.value(token, { depth: depth + 1, path: `${path}[${index}]` });
    const name = token[2];
    if (name === undefined || this.token()[1] !== ':') throw new NoJson();
    const plain = name.slice(1, -1);
    const step = PLAIN_NAME.test(plain) ? `.${plain}` : `[${name}]`;
    this.value(this.token(), { depth: depth + 1, path: path + step, name });
  }
}

// Those to be drawn: what is within a folded one is left out, with the line that closes it.
export function unfolded(lines: readonly JsonLine[], folded: ReadonlySet<number>, most: number): number[] {
  const shown: number[] = [];
  for (let index = 0; index < lines.length && shown.length < most; index++) {
    shown.push(index);
    const close = lines[index]!.close;
    if (close !== undefined && folded.has(index)) index = close;
  }
  return shown;
}

// A preview on one line: white space between tokens is taken away, and of a text that is cut what is there.
export const oneLine = (text: string): string => text.replace(/("(?:[^"\\]|\\.)*"?)|\s+/g, (_, string) => string ?? ' ').trim();

export interface PreviewPart {
  text: string;
  kind: JsonKind | 'name';
}
// The same in parts that are coloured.
export function previewParts(text: string): PreviewPart[] {
  const parts: PreviewPart[] = [];
  const token = /("(?:[^"\\]|\\.)*"?)(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([^"\d\-tfn]+|.)/gs;
  for (const [, string, colon, number, word, other] of oneLine(text).matchAll(token)) {
    if (string !== undefined && colon !== undefined) parts.push({ text: string, kind: 'name' }, { text: ':', kind: 'mark' });
    else if (string !== undefined) parts.push({ text: string, kind: 'string' });
    else if (number !== undefined) parts.push({ text: number, kind: 'number' });
    else if (word !== undefined) parts.push({ text: word, kind: 'word' });
    else parts.push({ text: other!, kind: 'mark' });
  }
  return parts;
}

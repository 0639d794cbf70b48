// Conditions of the filter language, made of what somebody points at.
import type { JsonLine } from '../../../ui/json_tree';

const LONGEST = 500; // characters of a value that goes into a filter; the whole filter has at most 4096 bytes

// A text as the filter language writes it: what JSON escapes, it escapes too, but for the slash.
const quoted = (text: string): string => JSON.stringify(text);

export function equals(path: string, text: string): string | undefined {
  return text.length > LONGEST ? undefined : `${path} == ${quoted(text)}`;
}

// That a value is what it is on this line; undefined: it is a list or a map, or too long.
export function conditionOf({ path, text, kind }: Pick<JsonLine, 'path' | 'text' | 'kind'>): string | undefined {
  if (kind === 'mark' || text.length > LONGEST) return undefined;
  if (kind !== 'string') return `${path} == ${text}`;
  try {
    return equals(path, JSON.parse(text) as string);
  } catch {
    return undefined; // escapes that are none
  }
}

// Words, which are no expression, as the server tells them: there is no operator, and it is not a path alone.
const isWords = (where: string): boolean =>
  !/[=!<>()[\]&|+*%?"',`{}\\^~;]/.test(where) && !/^(key|value|record|headers|tombstone)(\.\w+)*$/.test(where);

// The filter with one condition more. Words cannot be a part of an expression, so the condition takes their place.
export function withCondition(where: string, condition: string): string {
  if (where === '' || isWords(where) || where === condition) return condition;
  if (where.split(' && ').includes(condition)) return where;
  return `${/\|\||\?/.test(where) ? `(${where})` : where} && ${condition}`;
}

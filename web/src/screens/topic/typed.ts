// Payloads that are there, as they would be typed.
import type { NewPayload, NewPayloadAs, Payload } from '../../api/types.gen';

export const ways: readonly NewPayloadAs[] = ['text', 'json', 'base64', 'hex', 'int32', 'int64', 'float', 'double', 'uuid'];

// A payload as it can be typed again; undefined: it cannot, since not all of it is here.
export function typedOf({ format, text, cut, flaw }: Payload): NewPayload | undefined {
  if (cut || flaw) return undefined;
  const as = ways.find((way) => way === format);
  return as ? { text, format: as } : undefined;
}

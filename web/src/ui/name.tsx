// A name that a stranger chose. It is text, never markup; characters that do not show stand as their numbers, and a name
// of a megabyte is cut with its length said.
import { pieces } from './text';

const LONGEST = 300;

export function Name({ text }: { text: string }) {
  const cut = text.length > LONGEST;
  if (text === '') return <span class="dimmer">(empty)</span>;
  return (
    <bdi>
      {pieces(cut ? text.slice(0, LONGEST) : text).map((piece) =>
        piece.hidden ? <span class="esc">{piece.text}</span> : piece.text,
      )}
      {cut && <span class="dimmer">… {text.length} characters</span>}
    </bdi>
  );
}

// Payload of a stranger's: the same, whole. `keep` are characters that show as what they are: ends of lines.
export const Hidden = ({ text, keep = '' }: { text: string; keep?: string }) => (
  <>
    {pieces(text, keep).map((piece) => (piece.hidden ? <span class="esc">{piece.text}</span> : piece.text))}
  </>
);

// The same for places that take only text: titles and labels.
export const plain = (text: string): string =>
  pieces(text.slice(0, LONGEST))
    .map((piece) => (piece.hidden ? `\\${piece.text}` : piece.text))
    .join('');

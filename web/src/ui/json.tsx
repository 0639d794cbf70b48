// JSON as a tree: brackets fold, numbers stand as they were written. Very long ones are drawn by parts. What may be done
// with a value stands beside the one that was pressed or is pointed at: only there, so that a long tree stays light.
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Icon } from '../icons';
import { Hidden } from './name';
import { jsonLines, previewParts, unfolded, type JsonLine } from './json_tree';

const DRAWN = 1000; // lines; more on demand

export type LineActs = (line: JsonLine) => ComponentChildren;

export function Json({ text, root, acts }: { text: string; root: string; acts?: LineActs | undefined }) {
  const lines = useMemo(() => jsonLines(text, root), [text, root]);
  const [folded, fold] = useState<ReadonlySet<number>>(new Set());
  const [most, draw] = useState(DRAWN);
  const [near, come] = useState(-1); // the line whose acts are shown
  if (!lines) return <Plain text={text} />;
  const shown = unfolded(lines, folded, most);
  const turn = (index: number) => {
    const next = new Set(folded);
    if (!next.delete(index)) next.add(index);
    fold(next);
  };
  const last = shown.at(-1) ?? 0;
  return (
    <div class="json mono">
      {shown.map((index) => (
        <Line
          key={index}
          line={lines[index]!}
          folded={folded.has(index)}
          onTurn={() => turn(index)}
          onNear={acts && (() => come(index))}
          acts={index === near ? acts : undefined}
        />
      ))}
      {shown.length >= most && last < lines.length - 1 && (
        <button class="btn" onClick={() => draw((n) => n + DRAWN)}>
          Show {Math.min(DRAWN, lines.length - last)} more lines
        </button>
      )}
    </div>
  );
}

interface LineProps {
  line: JsonLine;
  folded: boolean;
  onTurn: () => void;
  onNear: (() => void) | undefined; // there are acts
  acts: LineActs | undefined;
}

function Line({ line, folded, onTurn, onNear, acts }: LineProps) {
  const opens = line.close !== undefined && line.count! > 0;
  return (
    <div
      class={`line${acts ? ' near' : ''}`}
      style={{ paddingInlineStart: `${line.depth * 15 + 18}px` }}
      title={line.path}
      onPointerEnter={onNear}
    >
      {opens && (
        <button
          class={`fold${folded ? '' : ' open'}`}
          aria-expanded={!folded}
          aria-label={`${folded ? 'Unfold' : 'Fold'} ${line.path}`}
          onClick={onTurn}
        >
          <Icon name="next" size={12} />
        </button>
      )}
      {line.name !== undefined && (
        <>
          <span class="j-name">
            <Hidden text={line.name} />
          </span>
          {': '}
        </>
      )}
      {onNear && line.kind !== 'mark' ? (
        <button class={`j-${line.kind}`} aria-expanded={acts !== undefined} onClick={onNear} onFocus={onNear}>
          <Hidden text={line.text} />
        </button>
      ) : (
        <span class={`j-${line.kind}`}>
          <Hidden text={line.text} />
        </span>
      )}
      {opens && folded && (
        <span class="dimmer">
          {' '}
          {line.count} {line.text === '{' ? 'members' : 'elements'} {line.text === '{' ? '}' : ']'}
        </span>
      )}
      {line.comma && ','}
      {acts && line.kind !== 'mark' && <span class="acts">{acts(line)}</span>}
    </div>
  );
}

// What is no JSON, or is too deep to be folded.
export const Plain = ({ text }: { text: string }) => (
  <pre class="mono plain">
    <Hidden text={text} keep="\n\t\r" />
  </pre>
);

// On one line, for a table.
export const JsonPreview = ({ text }: { text: string }) => (
  <>
    {previewParts(text).map(({ text: part, kind }, index) => (
      <span key={index} class={`j-${kind}`}>
        <Hidden text={part} />
      </span>
    ))}
  </>
);

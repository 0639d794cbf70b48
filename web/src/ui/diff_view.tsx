// Two texts side by side, or one below the other, with what differs marked. Each line says with a sign what it is, so that
// colour says nothing alone.
import { useMemo } from 'preact/hooks';
import { diff, inLine, pairs } from './diff';
import { Hidden } from './name';

export interface Text {
  label: string;
  lines: readonly string[];
}

export function DiffView({ a, b, split }: { a: Text; b: Text; split: boolean }) {
  const changes = useMemo(() => diff(a.lines, b.lines), [a.lines, b.lines]);
  return (
    <div class="over-x" tabIndex={0} role="group" aria-label={`${a.label} against ${b.label}`}>
      <table class={`diff mono${split ? ' split' : ''}`}>
        <thead class="seen-not">
          <tr>
            <th>{a.label}</th>
            <th>{b.label}</th>
          </tr>
        </thead>
        <tbody>
          {split
            ? pairs(changes).map(({ a: one, b: other, same }) => (
                <tr key={`${one}|${other}`}>
                  <Side line={a.lines[one!]} place={one} sign={same ? ' ' : '−'} beside={same ? undefined : b.lines[other!]} />
                  <Side line={b.lines[other!]} place={other} sign={same ? ' ' : '+'} beside={same ? undefined : a.lines[one!]} />
                </tr>
              ))
            : changes.map(({ kind, a: one, b: other }) => (
                <tr key={`${one}|${other}`}>
                  <td class="place">{one === undefined ? '' : one + 1}</td>
                  <Side
                    line={kind === 'new' ? b.lines[other!] : a.lines[one!]}
                    place={other}
                    sign={{ same: ' ', gone: '−', new: '+' }[kind]}
                    beside={undefined}
                  />
                </tr>
              ))}
        </tbody>
      </table>
    </div>
  );
}

const tones: Record<string, string> = { '−': 'gone', '+': 'new', ' ': '' };

interface SideProps {
  line: string | undefined;
  place: number | undefined;
  sign: string;
  beside: string | undefined;
}

function Side({ line, place, sign, beside }: SideProps) {
  if (line === undefined)
    return (
      <>
        <td class="place none" />
        <td class="none" />
      </>
    );
  const [from, to] = beside === undefined ? [0, 0] : inLine(line, beside);
  const tone = tones[sign];
  return (
    <>
      <td class={`place ${tone}`}>{place === undefined ? '' : place + 1}</td>
      <td class={`line ${tone}`}>
        <span class="sign">{sign}</span>
        <Hidden text={line.slice(0, from)} />
        {to > from && (
          <mark>
            <Hidden text={line.slice(from, to)} />
          </mark>
        )}
        <Hidden text={line.slice(to)} />
      </td>
    </>
  );
}

// Figures. Digits are grouped by margins, so that copying gives the plain number; the exact value is in the title.
import { bytes, digitGroups, duration, type Int, type Measure } from './text';

export function Num({ value }: { value: Int }) {
  const [first, ...rest] = digitGroups(value);
  return (
    <span class="n">
      {first}
      {rest.map((group) => (
        <i>{group}</i>
      ))}
    </span>
  );
}

export function Unit({ children }: { children: string }) {
  return <span class="u">{' ' + children}</span>;
}

function Measured({ measure, exact }: { measure: Measure; exact: string }) {
  return (
    <span title={exact}>
      {measure.value}
      <Unit>{measure.unit}</Unit>
    </span>
  );
}

export const Bytes = ({ value }: { value: Int }) => <Measured measure={bytes(value)} exact={`${value} B`} />;
export const Duration = ({ ms }: { ms: Int }) => <Measured measure={duration(ms)} exact={`${ms} ms`} />;

// What one cannot know here, in place of a figure.
export const Unknown = ({ why }: { why: string }) => (
  <span class="dimmer" title={why}>
    –<span class="seen-not">{why}</span>
  </span>
);

// A sentence of the server's with the numbers in it grouped.
export function Sentence({ text }: { text: string }) {
  const parts = text.split(/(?<![\w.])(\d{4,})(?![\w.]\S)/);
  return <>{parts.map((part, index) => (index % 2 ? <Num value={BigInt(part)} /> : part))}</>;
}

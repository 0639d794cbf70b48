// Options of a thing to be, a row each.
import { Icon } from '../../icons';
import { Input } from '../../ui/input';

export interface OptionRow {
  name: string;
  value: string;
}

export const optionsOf = (rows: readonly OptionRow[]): OptionRow[] =>
  rows.map(({ name, value }) => ({ name: name.trim(), value })).filter(({ name }) => name !== '');

interface OptionsProps {
  rows: OptionRow[];
  onChange: (rows: OptionRow[]) => void;
  wrong: string | undefined;
}

export function Options({ rows, onChange, wrong }: OptionsProps) {
  const set = (index: number, change: Partial<OptionRow>) =>
    onChange(rows.map((row, n) => (n === index ? { ...row, ...change } : row)));
  return (
    <div class="options">
      {rows.map((row, index) => (
        <div class="row" key={index}>
          <Input label="Option" value={row.name} onInput={(name) => set(index, { name })} width={260} mono />
          <Input label="Value" value={row.value} onInput={(value) => set(index, { value })} width={180} mono />
          <button
            class="btn icon quiet"
            aria-label={`Leave out ${row.name || 'this option'}`}
            onClick={() => onChange(rows.filter((_, n) => n !== index))}
          >
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
      {wrong && <p class="small bad-ink">{wrong}</p>}
      <button class="btn" onClick={() => onChange([...rows, { name: '', value: '' }])}>
        Add an option
      </button>
    </div>
  );
}

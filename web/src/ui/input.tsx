// What people fill in: a label, the field, what is wrong with it.
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface InputProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: ComponentChildren;
  wrong?: string | undefined;
  number?: boolean;
  mono?: boolean;
  width?: number; // pixels
  focus?: boolean;
}

export function Input({ label, value, onInput, hint, wrong, number, mono, width, focus }: InputProps) {
  const id = useId();
  const said = wrong ?? hint;
  return (
    <div class="input">
      <label for={id}>{label}</label>
      <span class={`field${wrong ? ' wrong' : ''}`} style={width ? { width: `${width}px` } : {}}>
        <input
          id={id}
          type="text"
          inputMode={number ? 'numeric' : 'text'}
          class={mono ? 'mono' : ''}
          value={value}
          spellcheck={false}
          autocomplete="off"
          autofocus={focus}
          aria-invalid={wrong ? 'true' : undefined}
          aria-describedby={said ? `${id}-said` : undefined}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      </span>
      {said && (
        <p id={`${id}-said`} class={`small ${wrong ? 'bad-ink' : 'dimmer'}`}>
          {said}
        </p>
      )}
    </div>
  );
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  choices: readonly { key: T; label: string }[];
  onPick: (value: T) => void;
}

export function Select<T extends string>({ label, value, choices, onPick }: SelectProps<T>) {
  const id = useId();
  return (
    <div class="input">
      <label for={id}>{label}</label>
      <span class="field">
        <select id={id} value={value} onChange={(event) => onPick(event.currentTarget.value as T)}>
          {choices.map(({ key, label: words }) => (
            <option value={key} key={key}>
              {words}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}

// One of a few, all in sight.
export function Pick<T extends string>({ label, value, choices, onPick }: SelectProps<T>) {
  return (
    <fieldset class="input">
      <legend>{label}</legend>
      <div class="seg">
        {choices.map(({ key, label: words }) => (
          <button
            type="button"
            key={key}
            aria-pressed={key === value}
            aria-current={key === value ? 'true' : undefined}
            onClick={() => onPick(key)}
          >
            {words}
          </button>
        ))}
      </div>
    </fieldset>
  );
}

// The filter over a table. `/` goes to it, Escape empties it and goes back.
import { useRef } from 'preact/hooks';
import { Icon } from '../icons';
import { useKeys } from '../keys';

interface FilterProps {
  value: string;
  hint: string;
  wrong?: string | undefined;
  onInput: (value: string) => void;
}

export function Filter({ value, hint, wrong, onInput }: FilterProps) {
  const input = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => input.current?.focus() });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    onInput('');
    input.current?.blur();
  };
  return (
    <label class={`field filter${wrong ? ' wrong' : ''}`} title={wrong}>
      <Icon name="filter" size={14} />
      <input
        ref={input}
        type="text"
        value={value}
        placeholder={hint}
        aria-label={hint}
        aria-invalid={wrong ? 'true' : undefined}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <kbd>/</kbd>
    </label>
  );
}

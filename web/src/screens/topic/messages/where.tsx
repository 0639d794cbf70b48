// The filter of a search. It counts with Enter; `/` goes to it. What is wrong is marked where it is, in the server's words.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { placeOfMistake, useFilterCheck } from '../../../api/filter_check';
import type { FilterMistake } from '../../../api/types.gen';
import { Icon } from '../../../icons';
import { useKeys } from '../../../keys';
import { Hidden } from '../../../ui/name';
import { sentence } from '../../../ui/text';

const TYPING_MS = 200;

export function Where({ value, onSearch }: { value: string; onSearch: (where: string) => void }) {
  const [text, set] = useState(value);
  useLayoutEffect(() => set(value), [value]);
  const input = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => input.current?.focus() });
  const mistake = useFilterCheck(text.trim(), TYPING_MS)?.check?.mistake;
  const select = (of: FilterMistake) => {
    const { from, to } = placeOfMistake(text.trim(), of);
    const before = text.length - text.trimStart().length;
    input.current?.focus();
    input.current?.setSelectionRange(before + from, before + to);
  };
  const correct = (of: FilterMistake) => {
    const { from, to } = placeOfMistake(text.trim(), of);
    set(text.trim().slice(0, from) + of.nearest + text.trim().slice(to));
    input.current?.focus();
  };
  const search = () => (mistake ? select(mistake) : onSearch(text.trim()));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') search();
    if (event.key !== 'Escape') return;
    set(value);
    input.current?.blur();
  };
  return (
    <>
      <div class="row where">
        <label class={`field${mistake ? ' wrong' : ''}`}>
          <Icon name="filter" size={14} />
          <input
            ref={input}
            type="text"
            class="mono"
            value={text}
            placeholder={'value.status == "FAILED", or words'}
            aria-label="Filter"
            aria-invalid={mistake ? 'true' : undefined}
            aria-describedby={mistake ? 'mistake' : undefined}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => set(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
          <kbd>/</kbd>
        </label>
        <button class="btn main" disabled={text.trim() === '' && value === ''} onClick={search}>
          Search
        </button>
      </div>
      {mistake && <Mistake text={text.trim()} mistake={mistake} onCorrect={() => correct(mistake)} />}
    </>
  );
}

interface MistakeProps {
  text: string;
  mistake: FilterMistake;
  onCorrect: () => void;
}

// The text with what is wrong in it marked. A place behind its end is a word that is missing there.
function Mistake({ text, mistake, onCorrect }: MistakeProps) {
  const { from, to } = placeOfMistake(text, mistake);
  return (
    <div class="mistake small" id="mistake" role="status">
      <code class="mono">
        <Hidden text={text.slice(0, from)} />
        <mark>{to > from ? <Hidden text={text.slice(from, to)} /> : '\u00a0'}</mark>
        <Hidden text={text.slice(to)} />
      </code>
      <span class="bad-ink">
        At {mistake.at + 1}: {sentence(mistake.message)}
      </span>
      {mistake.nearest !== undefined && (
        <button class="btn" onClick={onCorrect}>
          Use {mistake.nearest}
        </button>
      )}
    </div>
  );
}

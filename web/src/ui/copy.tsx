import { Icon } from '../icons';
import { say } from './toast';

// Over plain http from another host there is no clipboard; then the person is told to do it by hand.
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`Copied ${what}`);
  } catch {
    say('This browser lets a page copy only over https or on localhost: select it and press Ctrl C');
  }
}

export function Copy({ text, what }: { text: string; what: string }) {
  return (
    <button
      class="btn icon quiet"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={() => void copy(text, what)}
    >
      <Icon name="copy" size={14} />
    </button>
  );
}

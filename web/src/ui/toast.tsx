// One short sentence that goes by itself. Read out politely, and at most one in five seconds is.
import { signal } from '@preact/signals';

const SHOWN_MS = 2500;
const message = signal('');
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(sentence: string): void {
  message.value = sentence;
  clearTimeout(timer);
  timer = setTimeout(() => (message.value = ''), SHOWN_MS);
}

export function Toast() {
  return (
    <div class="toast" role="status">
      {message.value}
    </div>
  );
}

// What a person chose on this browser: theme and time zone. Kept in localStorage where that is allowed.
import { effect, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';
export type Zone = 'local' | 'utc';

const stored = (name: string): string | null => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // forbidden in this browser: the choice lasts until the page is left
  }
};
const store = (name: string, value: string): void => {
  try {
    localStorage.setItem(name, value);
  } catch {
    // As above.
  }
};

const wish = matchMedia('(prefers-color-scheme: dark)');
const wished = signal<Theme>(wish.matches ? 'dark' : 'light');
const chosen = signal<Theme | undefined>(oneOf(stored('theme'), 'light', 'dark'));
export const zone = signal<Zone>(oneOf(stored('zone'), 'local', 'utc') ?? 'local');

function oneOf<T extends string>(value: string | null, ...values: T[]): T | undefined {
  return values.find((one) => one === value);
}

export const theme = (): Theme => chosen.value ?? wished.value;

export function switchTheme(): void {
  chosen.value = theme() === 'dark' ? 'light' : 'dark';
  store('theme', chosen.value);
}

export function switchZone(): void {
  zone.value = zone.value === 'local' ? 'utc' : 'local';
  store('zone', zone.value);
}

export function startSettings(): void {
  wish.addEventListener('change', () => (wished.value = wish.matches ? 'dark' : 'light'));
  effect(() => {
    document.documentElement.dataset['theme'] = theme();
  });
}

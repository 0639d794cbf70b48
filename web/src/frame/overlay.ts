import { signal } from '@preact/signals';

// What is open over the screen.
export const overlay = signal<'jump' | 'keys' | undefined>(undefined);

// Drawn for a field of 16 by 16, lines of 1.35.
const shapes = {
  overview: 'M2.5 9.5 5.5 6.2 8.3 8.8 13.5 3.2M2.5 13.2h11',
  topics: 'M2.5 4.2h11M2.5 8h11M2.5 11.8h7',
  groups:
    'M7.5 5.6a2.1 2.1 0 1 1-4.2 0a2.1 2.1 0 1 1 4.2 0ZM12.8 6.4a1.6 1.6 0 1 1-3.2 0a1.6 1.6 0 1 1 3.2 0ZM1.9 12.9c.2-2.2 1.6-3.4 3.5-3.4s3.3 1.2 3.5 3.4M10.6 9.9c1.9-.2 3.3.9 3.5 2.8',
  brokers:
    'M3.5 2.8h9a1.2 1.2 0 0 1 1.2 1.2v2a1.2 1.2 0 0 1-1.2 1.2h-9A1.2 1.2 0 0 1 2.3 6V4a1.2 1.2 0 0 1 1.2-1.2ZM3.5 8.8h9a1.2 1.2 0 0 1 1.2 1.2v2a1.2 1.2 0 0 1-1.2 1.2h-9A1.2 1.2 0 0 1 2.3 12v-2a1.2 1.2 0 0 1 1.2-1.2ZM4.9 5h.01M4.9 11h.01',
  about: 'M13.6 8a5.6 5.6 0 1 1-11.2 0a5.6 5.6 0 1 1 11.2 0ZM8 7.4v3.4M8 5.2h.01',
  option: 'M2.5 4.6h5.4M11.3 4.6h2.2M2.5 11.4h2.2M8.1 11.4h5.4M9.6 3v3.2M6.4 9.8V13',
  down: 'm4 6 4 4 4-4',
  next: 'm6 4 4 4-4 4',
  go: 'M3 8h9.6M9 4.4 12.6 8 9 11.6',
  search: 'M11.3 7a4.3 4.3 0 1 1-8.6 0a4.3 4.3 0 1 1 8.6 0ZM10.3 10.3l3.2 3.2',
  filter: 'M2.6 3.6h10.8L9.3 8.4v3.7l-2.6 1.3v-5L2.6 3.6Z',
  warn: 'M8 2.6 14 13H2L8 2.6ZM8 6.6v3M8 11.3h.01',
  bad: 'M13.6 8a5.6 5.6 0 1 1-11.2 0a5.6 5.6 0 1 1 11.2 0ZM8 5.2v3.4M8 10.7h.01',
  ok: 'M13.6 8a5.6 5.6 0 1 1-11.2 0a5.6 5.6 0 1 1 11.2 0ZM5.6 8.2l1.7 1.7 3.2-3.6',
  moon: 'M13 9.4A5.4 5.4 0 0 1 6.6 3a5.4 5.4 0 1 0 6.4 6.4Z',
  sun: 'M10.9 8a2.9 2.9 0 1 1-5.8 0a2.9 2.9 0 1 1 5.8 0ZM8 1.8v1.5M8 12.7v1.5M1.8 8h1.5M12.7 8h1.5M3.6 3.6l1.1 1.1M11.3 11.3l1.1 1.1M3.6 12.4l1.1-1.1M11.3 4.7l1.1-1.1',
  copy: 'M7 5.6h4.8a1.4 1.4 0 0 1 1.4 1.4v4.8a1.4 1.4 0 0 1-1.4 1.4H7a1.4 1.4 0 0 1-1.4-1.4V7A1.4 1.4 0 0 1 7 5.6ZM10.4 5.4V4.2c0-.8-.6-1.4-1.4-1.4H4.2c-.8 0-1.4.6-1.4 1.4V9c0 .8.6 1.4 1.4 1.4h1.2',
  close: 'm4 4 8 8M12 4l-8 8',
  out: 'M6.4 2.8H4.2a1.4 1.4 0 0 0-1.4 1.4v7.6a1.4 1.4 0 0 0 1.4 1.4h2.2M6.6 8h6.8M10.6 5.2 13.4 8l-2.8 2.8',
  key: 'M7.9 10.7a2.6 2.6 0 1 1-5.2 0a2.6 2.6 0 1 1 5.2 0ZM7.2 8.8l5.6-5.6M10.4 5.6l1.9 1.9',
  again: 'M3 3.4v3.2h3.2M3.3 6.4A5.2 5.2 0 1 1 3 9.4',
  bolt: 'M8.8 2 3.8 9.2h3.6L7 14l5.2-7.4H8.5L8.8 2Z',
  keys: 'M3.6 4h8.8a1.4 1.4 0 0 1 1.4 1.4v5.2a1.4 1.4 0 0 1-1.4 1.4H3.6a1.4 1.4 0 0 1-1.4-1.4V5.4A1.4 1.4 0 0 1 3.6 4ZM4.8 6.6h.01M7 6.6h.01M9.1 6.6h.01M11.2 6.6h.01M5.6 9.5h4.8',
  send: 'M13.6 2.4 2.4 6.8l4.4 2.4 2.4 4.4 4.4-11.2ZM6.8 9.2l3-3',
  link: 'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.7.7M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.7-.7',
  save: 'M8 2.8v7M5 7.2l3 3 3-3M3 13.2h10',
  add: 'M8 3.4v9.2M3.4 8h9.2',
  clock: 'M13.6 8a5.6 5.6 0 1 1-11.2 0a5.6 5.6 0 1 1 11.2 0ZM8 4.9V8l2.1 1.4',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.35"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={shapes[name]} />
    </svg>
  );
}

export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" fill="none" stroke-linecap="round" aria-hidden="true">
      <rect width="22" height="22" rx="5.5" fill="currentColor" />
      <path
        class="wave"
        d="M4.4 6.6c3.4 0 4.2 2.1 6.6 2.1s3.2-2.1 6.6-2.1M4.4 15.6c3.4 0 4.2-2.1 6.6-2.1s3.2 2.1 6.6 2.1"
        stroke-opacity=".55"
        stroke-width="1.5"
      />
      <path class="wave" d="M4.4 11.1h13.2" stroke-width="1.9" />
    </svg>
  );
}

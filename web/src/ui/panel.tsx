import type { ComponentChildren } from 'preact';

interface PanelProps {
  title?: string | undefined;
  count?: ComponentChildren;
  end?: ComponentChildren;
  fill?: boolean; // to the window's edge
  busy?: boolean; // what it shows has not come yet
  children: ComponentChildren;
}

export function Panel({ title, count, end, fill = false, busy = false, children }: PanelProps) {
  return (
    <section class={`panel${fill ? ' fill' : ''}`} aria-label={title} aria-busy={busy ? 'true' : undefined}>
      {title && (
        <header>
          <h2>{title}</h2>
          {count}
          {end && <span class="end">{end}</span>}
        </header>
      )}
      {children}
    </section>
  );
}

import type { ComponentChildren } from 'preact';

interface PanelProps {
  title?: string | undefined;
  count?: ComponentChildren;
  end?: ComponentChildren;
  fill?: boolean; // to the window's edge
  children: ComponentChildren;
}

export function Panel({ title, count, end, fill = false, children }: PanelProps) {
  return (
    <section class={`panel${fill ? ' fill' : ''}`} aria-label={title}>
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

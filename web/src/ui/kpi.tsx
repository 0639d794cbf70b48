// A figure that is worth its size, with what it means below.
import type { ComponentChildren } from 'preact';

interface KpiProps {
  label: string;
  children: ComponentChildren; // the figure
  note?: ComponentChildren;
  tone?: '' | 'warn-ink' | 'bad-ink';
  swatch?: 'in' | 'out';
  spark?: ComponentChildren;
}

export function Kpi({ label, children, note, tone = '', swatch, spark }: KpiProps) {
  return (
    <div class="kpi">
      <h2>
        {swatch && <i class="swatch" style={{ background: `var(--${swatch})` }} />}
        {label}
      </h2>
      <div class={`v ${tone}`}>{children}</div>
      <p>{note ?? ' '}</p>
      {spark}
    </div>
  );
}

export const Kpis = ({ children, label }: { children: ComponentChildren; label: string }) => (
  <section class="panel kpis" aria-label={label}>
    {children}
  </section>
);

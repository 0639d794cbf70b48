// A share as a short bar. The figure stands beside it, so the bar is only for the eye.
export function Bar({
  share,
  tone = '',
  wide = false,
  fromEnd = false,
}: {
  share: number;
  tone?: '' | 'warn' | 'bad';
  wide?: boolean;
  fromEnd?: boolean;
}) {
  const width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return (
    <span class={`bar ${tone}${wide ? ' wide' : ''}${fromEnd ? ' end' : ''}`} aria-hidden="true">
      <i style={{ width }} />
    </span>
  );
}

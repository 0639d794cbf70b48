// What the registry says of a draft, as it is typed.
import type { Checking } from '../../api/check';
import type { SchemaCheck, SchemaFinding } from '../../api/types.gen';
import { Icon } from '../../icons';
import { Hidden } from '../../ui/name';
import { three } from '../../ui/text';

export function Verdict({ of: { check, trouble, took, busy } }: { of: Checking }) {
  if (trouble)
    return (
      <section class="panel verdict bad" aria-label="Verdict">
        <header>
          <span class="bad-ink">
            <Icon name="bad" />
          </span>
          <h2>
            <span role="alert">It could not be checked: {trouble.message}</span>
          </h2>
        </header>
      </section>
    );
  const is = check ? (check.fits ? 'ok' : 'bad') : '';
  return (
    <section class={`panel verdict ${is}`} aria-label="Verdict" aria-busy={busy ? 'true' : undefined}>
      <header>
        {check && (
          <span class={`${is}-ink`}>
            <Icon name={check.fits ? 'ok' : 'bad'} />
          </span>
        )}
        <h2>
          <span role="status">{check ? sentenceOf(check) : 'Checking'}</span>
        </h2>
        {took !== undefined && !busy && (
          <span class="end">
            checked{check?.against !== undefined && ` against v${check.against}`} in {three(took)} ms
          </span>
        )}
      </header>
      {check && check.findings.length > 0 && (
        <ul class="findings">
          {check.findings.map((finding, index) => (
            <Finding key={index} finding={finding} />
          ))}
        </ul>
      )}
      {check?.invalid !== undefined && (
        <p class="findings mono">
          <Hidden text={check.invalid} />
        </p>
      )}
    </section>
  );
}

const Finding = ({ finding: { code, path, message, more } }: { finding: SchemaFinding }) => (
  <li>
    <span class="bad-ink">
      <Icon name="bad" />
    </span>
    <span>
      <Hidden text={message} />
      {more !== undefined && !message.includes(more) && (
        <span class="dimmer">
          {' '}
          <Hidden text={more} />
        </span>
      )}
    </span>
    <span class="mono">{path && <Hidden text={path} />}</span>
    {code && <span class="code mono">{code}</span>}
  </li>
);

// Who could not read what, by the level that is asked for.
const breaks: Record<string, string> = {
  BACKWARD: 'programs on it could not read what was written before',
  FORWARD: 'programs on earlier versions could not read what it writes',
  FULL: 'one of the two could not read what the other has written',
};

export function sentenceOf({ fits, invalid, level, same_as: same, against }: SchemaCheck): string {
  if (invalid !== undefined) return 'This is no schema';
  if (fits && same !== undefined) return `It is registered already, as v${same}`;
  if (fits && level.level === 'NONE') return 'It could be registered: the level is NONE, nothing is compared';
  if (fits) return `It fits ${level.level}`;
  const why = breaks[level.level.replace('_TRANSITIVE', '')];
  return `It breaks ${level.level}${against === undefined ? '' : ` with v${against}`}${why ? `: ${why}` : ''}`;
}

// A point of time: absolute, in the chosen zone; UTC, the plain number and the age are in the title.
import { zone } from '../settings';
import { instantText, zoneName } from './instant';
import { ago, type Int } from './text';

export function Time({ ms, millis = false }: { ms: Int; millis?: boolean }) {
  const shown = instantText(ms, zone.value);
  const utc = instantText(ms, 'utc');
  if (!shown || !utc)
    return (
      <span class="dimmer" title={`${ms}`}>
        no time
      </span>
    );
  const today = instantText(Date.now(), zone.value)?.date === shown.date;
  const title = `${utc.date} ${utc.clock}${utc.millis} UTC\n${ms} ms\n${ago(Date.now() - Number(ms))}`;
  return (
    <time dateTime={new Date(Number(ms)).toISOString()} title={title}>
      {today ? '' : shown.date + ' '}
      {shown.clock}
      {millis && <span class="dimmer">{shown.millis}</span>}
    </time>
  );
}

export const zoneLabel = (): string => (zone.value === 'utc' ? 'UTC' : `Local, ${zoneName('local', Date.now())}`);

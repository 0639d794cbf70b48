// Brokers that did not say which groups they coordinate.
import { Icon } from '../../icons';
import { plural } from '../../ui/text';

export function NotAsked({ brokers }: { brokers: number[] }) {
  if (brokers.length === 0) return null;
  return (
    <div class="note">
      <Icon name="warn" />
      <p>
        <b>
          Groups of {plural(brokers.length, 'broker')} {brokers.join(', ')} are not here.
        </b>{' '}
        It is away, or did not answer in time; its groups come back when it does, or when others take them over.
      </p>
    </div>
  );
}

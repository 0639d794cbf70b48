import { Dialog } from '../ui/dialog';

const keys: [string[], string][] = [
  [['Ctrl K'], 'Jump to anything'],
  [['/'], 'Filter the table'],
  [['j', 'k'], 'Next and previous row'],
  [['Enter'], 'Open the row'],
  [['Esc'], 'Close, stop a search, or empty the filter'],
  [['[', ']'], 'Previous and next tab'],
  [['g', 'o'], 'Overview'],
  [['g', 't'], 'Topics'],
  [['g', 'g'], 'Groups'],
  [['g', 's'], 'Schemas'],
  [['g', 'd'], 'Dead letters'],
  [['g', 'b'], 'Brokers'],
  [['g', 'c'], 'Changes'],
  [['c'], 'Copy the name'],
  [['y'], 'Copy the link'],
  [['l'], 'Pause, and go on; in messages live'],
  [['?'], 'These keys'],
];

export function KeyHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {keys.map(([struck, what]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              {struck.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

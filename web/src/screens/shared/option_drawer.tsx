// One option: what it is for, every layer that says something, and the command that changes it.
import type { ConfigOption } from '../../api/types.gen';
import { Icon } from '../../icons';
import { Copy } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import { layerWords, optionText } from './option_text';

interface OptionDrawerProps {
  option: ConfigOption;
  command: (option: string, value: string) => string;
  onClose: () => void;
}

export function OptionDrawer({ option, command, onClose }: OptionDrawerProps) {
  const { name, sentence, layers, type, read_only: fixed, sensitive } = option;
  const text = optionText(option);
  const line = command(name, option.value ?? '');
  return (
    <Drawer title={name} onClose={onClose}>
      {sentence && <p class="said">{sentence}</p>}
      <h2>Why it has this value</h2>
      <ol class="layers">
        {layers.map((one, index) => (
          <li key={one.layer + one.option} class={index === 0 ? 'wins' : ''}>
            <span class={index === 0 ? 'ok-ink' : 'dimmer'}>
              <Icon name={index === 0 ? 'ok' : 'down'} />
            </span>
            <div class="grow">
              <b>{layerWords[one.layer]}</b> {index === 0 ? 'decides' : 'says, and is passed over'}
              <p class="small dimmer">as {one.option}</p>
            </div>
            <span class="mono">{sensitive ? 'hidden' : (one.value ?? 'none')}</span>
          </li>
        ))}
      </ol>
      <dl class="facts flat">
        {text && (
          <>
            <dt>In words</dt>
            <dd>{text}</dd>
          </>
        )}
        <dt>Type</dt>
        <dd>{type}</dd>
        <dt>Changed</dt>
        <dd>{fixed ? 'only in the server’s file, with a restart' : 'while the server runs'}</dd>
      </dl>
      {!fixed && !sensitive && (
        <>
          <h2>Set it</h2>
          <div class="cmd">
            <code class="mono" tabIndex={0}>
              {line}
            </code>
            <Copy text={line} what="the command" />
          </div>
        </>
      )}
    </Drawer>
  );
}

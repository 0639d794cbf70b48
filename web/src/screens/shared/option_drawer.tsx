// One option: what it is for, every layer that says something, and how it is changed.
import { useState } from 'preact/hooks';
import type { Change } from '../../api/plan';
import type { ConfigLayer, ConfigOption } from '../../api/types.gen';
import { Icon } from '../../icons';
import { mayChange } from '../../session';
import { Copy } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import { Input } from '../../ui/input';
import { PlanDrawer } from '../changes/plan_drawer';
import { layerWords, optionText } from './option_text';

interface OptionDrawerProps {
  option: ConfigOption;
  own: ConfigLayer; // whose word is changed here
  path: string; // of the API, where it is changed
  command: (option: string, value: string) => string;
  onClose: () => void;
}

export function OptionDrawer(props: OptionDrawerProps) {
  const { option, command, onClose } = props;
  if (mayChange() && !option.read_only && !option.sensitive) return <Editable {...props} />;
  const line = command(option.name, option.value ?? '');
  return (
    <Drawer title={option.name} onClose={onClose}>
      <About option={option} />
      {!option.read_only && !option.sensitive && (
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

// A value that differs from the one that holds is planned as it is typed.
function Editable({ option, own, path, onClose }: OptionDrawerProps) {
  const { name, value = '', layers, unit } = option;
  const [typed, setTyped] = useState(value);
  const [back, setBack] = useState(false);
  const isOwn = layers.some((one) => one.layer === own);
  const words = optionText({ value: typed, ...(unit ? { unit } : {}) });
  const body = back ? { unset: [name] } : typed === value ? undefined : { set: [{ name, value: typed }] };
  const change: Change | undefined = body && { method: 'PATCH', path, body };
  const type = (text: string) => {
    setBack(false);
    setTyped(text);
  };
  return (
    <PlanDrawer
      title={name}
      change={change}
      verb={() => (back ? 'Take it back' : change ? `Set to ${words ?? (typed || 'nothing')}` : 'Set')}
      onClose={onClose}
    >
      {() => (
        <>
          <About option={option} />
          <div class="form">
            <Input label="Value" value={typed} onInput={type} hint={words ?? unit ?? option.type} width={360} mono />
            {isOwn && (
              <button class="btn" aria-pressed={back} onClick={() => setBack(!back)}>
                Back to what is inherited
              </button>
            )}
          </div>
        </>
      )}
    </PlanDrawer>
  );
}

function About({ option }: { option: ConfigOption }) {
  const { sentence, layers, type, read_only: fixed, sensitive } = option;
  const text = optionText(option);
  return (
    <>
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
    </>
  );
}

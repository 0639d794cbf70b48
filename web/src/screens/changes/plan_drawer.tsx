// A change in a drawer: what is wanted, what it would do, and the act. Nothing is done before the plan has been shown, and
// what cannot be undone wants its name typed.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { usePlan, type Change } from '../../api/plan';
import { useParts } from './parts';
import type { Trouble } from '../../api/client';
import { tick } from '../../api/live';
import type { Plan } from '../../api/types.gen';
import { Icon } from '../../icons';
import { copy } from '../../ui/copy';
import { Drawer } from '../../ui/dialog';
import { Input } from '../../ui/input';
import { Waiting } from '../../ui/state';
import { sentence } from '../../ui/text';
import { say } from '../../ui/toast';
import { PlanView } from './plan_view';

export interface PlanDrawerProps {
  title: string;
  change: Change | undefined; // undefined: the form is not complete yet
  verb: (plan: Plan | undefined) => string; // what the button says: the effect
  onClose: () => void;
  onDone?: () => void;
  // The form; gets what the server says is wrong, by the JSON pointer of the part.
  children?: (wrong: (path: string) => string | undefined) => ComponentChildren;
}

export function PlanDrawer({ title, change, verb, onClose, onDone, children }: PlanDrawerProps) {
  const planning = usePlan(change);
  const [typed, setTyped] = useState('');
  const { plan, trouble, busy } = planning;
  const wrong = (path: string) => trouble?.problem?.fields?.find((field) => field.path === path)?.message;
  const confirmed = plan?.confirm === undefined || typed === plan.confirm;
  const ready = plan !== undefined && !busy && plan.blocked_by.length === 0 && confirmed;
  const parts = useParts(planning.apply);
  const apply = async () => {
    const done = await parts.all();
    if (!done) return;
    say(`Done: ${done}`);
    tick.value++;
    (onDone ?? onClose)();
  };
  return (
    <Drawer
      title={title}
      onClose={onClose}
      footer={
        <>
          {plan?.command && (
            <button class="btn" onClick={() => void copy(plan.command!, 'the command')} title={plan.command}>
              <Icon name="copy" size={14} />
              Copy as {plan.command.split(' ')[0]}
            </button>
          )}
          <span class="grow small dim" role="status">
            {parts.said}
          </span>
          <button class="btn" onClick={parts.said ? parts.stop : onClose}>
            {parts.said ? 'Stop' : 'Cancel'}
          </button>
          <button
            class={`btn ${plan?.confirm === undefined ? 'main' : 'danger'}`}
            disabled={!ready}
            onClick={() => void apply()}
          >
            {verb(plan)}
          </button>
        </>
      }
    >
      {children?.(wrong)}
      <Refused trouble={trouble} />
      {plan ? <PlanView plan={plan} /> : change && !trouble?.final ? <Waiting lines={3} /> : null}
      {plan?.confirm !== undefined && plan.blocked_by.length === 0 && (
        <Input
          label={`This cannot be undone. Type ${plan.confirm} to go on`}
          value={typed}
          onInput={setTyped}
          mono
          width={360}
        />
      )}
    </Drawer>
  );
}

function Refused({ trouble }: { trouble: Trouble | undefined }) {
  if (!trouble) return null;
  const { code, status } = trouble.problem ?? {};
  return (
    <div class={`note${status === 409 ? '' : ' bad'}`} role="alert">
      <Icon name={status === 409 ? 'warn' : 'bad'} />
      <p>
        <b>{sentence(trouble.message)}</b> {trouble.hint && sentence(trouble.hint)} {code && <span>({code})</span>}
      </p>
    </div>
  );
}

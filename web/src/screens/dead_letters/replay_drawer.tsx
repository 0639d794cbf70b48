// Letters go back: which, where to, and what that means, before it is done.
import { useState } from 'preact/hooks';
import { at } from '../../api/client';
import type { Plan } from '../../api/types.gen';
import { Input } from '../../ui/input';
import { plural } from '../../ui/text';
import { PlanDrawer } from '../changes/plan_drawer';
import { lettersOf } from './chosen';

interface ReplayProps {
  queue: string;
  cause: string; // its id; '' for all
  chosen: string; // letters one by one; then the cause says nothing
  onClose: () => void;
  onDone: () => void;
}

const verb = (plan: Plan | undefined): string => {
  if (!plan?.replay) return 'Send back';
  const { letters, next } = plan.replay;
  return `Send ${letters} ${plural(letters, 'letter')}${next === undefined ? '' : ' and more'}`;
};

export function ReplayDrawer({ queue, cause, chosen, onClose, onDone }: ReplayProps) {
  const [to, setTo] = useState('');
  const [again, setAgain] = useState(false);
  const letters = lettersOf(chosen);
  const body = {
    ...(letters.length ? { letters, again } : cause ? { cause } : {}),
    ...(to.trim() ? { to: to.trim() } : {}),
  };
  return (
    <PlanDrawer
      title={`Send letters of ${queue} back`}
      change={{ method: 'POST', path: at`/dead-letters/${queue}/replay`, body }}
      verb={verb}
      onClose={onClose}
      onDone={onDone}
    >
      {(wrong) => (
        <div class="form">
          <Input
            label="To another topic"
            value={to}
            onInput={setTo}
            wrong={wrong('/to')}
            hint="left empty, each goes to the topic that it comes from"
            mono
            width={360}
          />
          {letters.length > 0 && (
            <div>
              <label class="row check">
                <input type="checkbox" checked={again} onChange={(event) => setAgain(event.currentTarget.checked)} />
                Also those that were sent back before
              </label>
            </div>
          )}
          <p class="small dim">
            Key, value and the record’s own headers go back as they were, with the time of now. The header
            thalweg-replay-of says which letter it was, thalweg-replay-count how often it went back. The letters stay in
            the queue. What was sent is remembered, and a second time leaves it out; where the server stops in between,
            some may arrive twice.
          </p>
        </div>
      )}
    </PlanDrawer>
  );
}

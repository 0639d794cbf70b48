// Stands where the screen would be; the address stays, so that signing in goes on to what was asked for.
import { useState } from 'preact/hooks';
import { Icon, Logo } from '../icons';
import { session, sessionTrouble, signIn } from '../session';
import { sentence } from '../ui/text';
import type { Trouble } from '../api/client';

export function SignIn() {
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const trouble = sessionTrouble.value as Trouble | undefined;
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    sessionTrouble.value = undefined;
    await signIn(token.trim()).catch((refused: Trouble) => (sessionTrouble.value = refused));
    setBusy(false);
  };
  return (
    <main class="gate">
      <form onSubmit={(event) => void submit(event)}>
        <div class="brand">
          <Logo />
          Thalweg
        </div>
        <h1>Sign in</h1>
        <p class="dim" id="where">
          The server’s log has a link with the token when it starts. It is also in the file{' '}
          <span class="mono">console.token</span> of its first log directory.
        </p>
        <label class="field">
          <Icon name="key" size={14} />
          <input
            type="password"
            aria-label="Token"
            aria-describedby="where"
            placeholder="Token"
            autocomplete="current-password"
            autofocus
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {trouble && (
          <div class="note bad" role="alert">
            <Icon name="bad" />
            <p>
              <b>{sentence(trouble.message)}</b> {trouble.hint && sentence(trouble.hint)}
            </p>
          </div>
        )}
        <button class="btn main" disabled={busy || token.trim() === ''}>
          Sign in
        </button>
        <p class="small dimmer">thalweg {session.value?.server.version}</p>
      </form>
    </main>
  );
}

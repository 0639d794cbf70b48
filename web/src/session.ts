// Who looks. Signing in is a cookie that scripts cannot see; what is known here is what GET /session says.
import { signal } from '@preact/signals';
import { get, onAnswer, post, remove } from './api/client';
import { forget } from './api/live';
import type { Session } from './api/types.gen';

export const session = signal<Session | undefined>(undefined);
export const sessionTrouble = signal<Error | undefined>(undefined);

// Whether changes are offered here at all. What is offered may still be refused: the server decides.
export const mayChange = (): boolean => session.value?.read_only === false;

export async function loadSession(): Promise<void> {
  try {
    session.value = await get<Session>('/session');
    sessionTrouble.value = undefined;
  } catch (trouble) {
    sessionTrouble.value = trouble as Error;
  }
}

export async function signIn(token: string): Promise<void> {
  session.value = await post<Session>('/session', { token });
}

export async function signOut(): Promise<void> {
  await remove('/session');
  forget();
  await loadSession();
}

// A session ends when its time is over or the server starts anew; then the sign-in stands where the screen was, and the
// address stays.
onAnswer((answered, status) => {
  const known = session.peek();
  if (answered && status === 401 && known?.signed_in) {
    forget();
    session.value = { ...known, signed_in: false };
  }
});

// The server's log shows a link with the token behind the #, which no server or proxy sees. It is used at once, and taken
// out of the address and the history.
export async function startSession(): Promise<void> {
  const token = /^#token=([^&]+)$/.exec(location.hash)?.[1];
  if (token) history.replaceState(null, '', location.pathname + location.search);
  if (token) await signIn(decodeURIComponent(token)).catch((trouble: Error) => (sessionTrouble.value = trouble));
  if (!session.value) {
    const refused = sessionTrouble.value;
    await loadSession();
    if (refused && session.value) sessionTrouble.value = refused;
  }
}

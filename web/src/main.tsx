// The console's pages. The server's HTML shows the frame; this fills it.
import { render } from 'preact';
import { Frame } from './frame/frame';
import { startLive } from './api/live';
import { startKeys } from './keys';
import { startRouter } from './router';
import { SignIn } from './screens/sign_in';
import { loadSession, session, sessionTrouble, startSession } from './session';
import { startSettings } from './settings';
import { Failure } from './ui/state';
import type { Trouble } from './api/client';

function App() {
  const who = session.value;
  if (who) return who.signed_in ? <Frame /> : <SignIn />;
  return <Failure trouble={sessionTrouble.value as Trouble} retry={() => void loadSession()} />;
}

startSettings();
startRouter();
startKeys();
startLive();
await startSession();
render(<App />, document.getElementById('app')!);

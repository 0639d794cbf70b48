// What stands around every screen: rail, top bar, and what opens over it.
import { computed } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { paused } from '../api/live';
import { Trouble } from '../api/client';
import { useKeys } from '../keys';
import { go, href, place, type Place } from '../router';
import { loadAhead, loadScreen, screenOf } from '../screens/screens';
import { copy } from '../ui/copy';
import { plain } from '../ui/name';
import { Failure, Waiting } from '../ui/state';
import { Toast } from '../ui/toast';
import { KeyHelp } from './key_help';
import { Jump } from './jump';
import { Rail } from './rail';
import { overlay } from './overlay';
import { nameIn, titleOf } from './titles';
import { Top } from './top';

const close = () => (overlay.value = undefined);

// What `c` copies: the row's name, else the name of what the screen shows.
function copyName(): void {
  const row = document.activeElement?.closest('tr')?.querySelector('a')?.textContent;
  const name = row ?? (place.value && nameIn(place.value));
  if (name) void copy(name, plain(name));
}

export function Frame() {
  useKeys({
    'Ctrl k': () => (overlay.value = 'jump'),
    '?': () => (overlay.value = 'keys'),
    'g o': () => go(href('overview')),
    'g t': () => go(href('topics')),
    'g g': () => go(href('groups')),
    'g s': () => go(href('schemas')),
    'g d': () => go(href('dead')),
    'g b': () => go(href('brokers')),
    'g c': () => go(href('changed')),
    l: () => (paused.value = !paused.value),
    y: () => void copy(location.href, 'the link'),
    c: copyName,
  });
  const now = place.value;
  return (
    <div class="app">
      <a class="skip" href="#main">
        To the content
      </a>
      <Rail now={now?.screen} />
      <Top place={now} />
      <Main now={now} />
      <Toast />
      {overlay.value === 'jump' && <Jump onClose={close} />}
      {overlay.value === 'keys' && <KeyHelp onClose={close} />}
    </div>
  );
}

// The screen. Going to another one brings the focus to its beginning, so that it is read out and keys act there.
function Main({ now }: { now: Place | undefined }) {
  const main = useRef<HTMLElement>(null);
  const what = now ? JSON.stringify([now.screen, nameIn(now)]) : '';
  const begun = useRef(false);
  useEffect(() => {
    const name = now && nameIn(now);
    document.title = `${name ? plain(name) : now ? titleOf(now.screen) : 'Not here'} · Thalweg`;
    if (begun.current) {
      main.current!.scrollTop = 0;
      main.current!.focus({ preventScroll: true });
    }
    begun.current = true;
  }, [what]);
  return (
    <main id="main" ref={main} tabIndex={-1} key={what}>
      {now ? <Shown place={now} /> : <Nowhere />}
      <div class="end" />
    </main>
  );
}

function Shown({ place: now }: { place: Place }) {
  const [trouble, fail] = useState<Trouble>();
  const Screen = useMemo(() => computed(() => screenOf(now.screen)), [now.screen]).value;
  const load = () => {
    fail(undefined);
    loadScreen(now.screen).catch(() =>
      fail(
        new Trouble(
          'This part of the console did not come',
          undefined,
          'The server may have been replaced by another version: reload the page.',
        ),
      ),
    );
  };
  useEffect(() => {
    if (!Screen) load();
  }, [now.screen]);
  useEffect(() => {
    if (Screen) startAhead();
  }, [Screen]);
  if (Screen) return <Screen place={now} />;
  return trouble ? <Failure trouble={trouble} retry={() => location.reload()} /> : <Waiting lines={0} />;
}

// The first screen goes first.
let isAhead = false;
function startAhead(): void {
  if (!isAhead) void loadAhead();
  isAhead = true;
}

function Nowhere() {
  return (
    <div class="void">
      <h1>Nothing is at this address</h1>
      <p>
        The link may be of another version of the console. Press Ctrl K to find a topic, group or broker by its name.
      </p>
      <div class="row">
        <a class="btn" href={href('overview')}>
          Open the overview
        </a>
      </div>
    </div>
  );
}

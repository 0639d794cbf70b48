// A part of a screen that is loaded when it is first wanted: a drawer that few open.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { say } from './toast';

export function loadedLater<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let known: ComponentType<P> | undefined;
  return function LoadedLater(props: P) {
    const [Part, show] = useState<{ is: ComponentType<P> } | undefined>(known && { is: known });
    useEffect(() => {
      if (known) return;
      load().then(
        (part) => show({ is: (known = part) }),
        () => say('This part of the page cannot be loaded: the server does not answer, or has another version by now'),
      );
    }, []);
    return Part ? <Part.is {...props} /> : null;
  };
}

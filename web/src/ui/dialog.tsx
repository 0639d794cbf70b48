// Dialogs are the browser's own: it holds the focus, gives it back where it came from, and Escape closes.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../icons';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  footer?: ComponentChildren;
}

// Opens with the component and closes with it. A press beside it closes it too.
export function useModal(onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current!;
    element.showModal();
    return () => {
      element.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return {
    ref: dialog,
    onCancel: (event: Event) => {
      event.preventDefault(); // the component's owner closes it, so that its state stays true
      onClose();
    },
    onClick: (event: MouseEvent) => {
      if (event.target === dialog.current) onClose();
    },
  };
}

function Frame({ kind, title, onClose, children, footer }: DialogProps & { kind: string }) {
  const modal = useModal(onClose);
  return (
    <dialog class={`${kind} fades`} aria-label={title} {...modal}>
      <header>
        <h1>{title}</h1>
        <button class="btn icon quiet" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="body" tabIndex={0} role="group" aria-label={title}>
        {children}
      </div>
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}

export const Dialog = (props: DialogProps) => <Frame kind="dialog" {...props} />;
export const Drawer = (props: DialogProps) => <Frame kind="drawer" {...props} />;

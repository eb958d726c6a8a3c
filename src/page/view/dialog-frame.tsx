/** A dialog of the browser's own: it keeps the keyboard inside, and Escape closes it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogFrameProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly kind?: "sheet" | "question";
  readonly onClose: () => void;
}

export function DialogFrame({ title, children, kind = "sheet", onClose }: DialogFrameProps) {
  const frame = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    frame.current?.showModal();
  }, []);
  return (
    <dialog ref={frame} class={kind} aria-labelledby="dialog-title" onClose={onClose}>
      <div class="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        <button type="button" class="close" onClick={() => frame.current?.close()}>
          Close
        </button>
      </div>
      {children}
    </dialog>
  );
}

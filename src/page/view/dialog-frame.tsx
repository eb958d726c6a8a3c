/** A dialog of the browser's own: it keeps the keyboard inside, and Escape closes it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface DialogFrameProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly kind?: "sheet" | "question";
  /** Stays open while something is under way: what comes of it has to be seen. */
  readonly isHeld?: boolean;
  readonly onClose: () => void;
}

export function DialogFrame(props: DialogFrameProps) {
  const { title, children, kind = "sheet", isHeld = false, onClose } = props;
  const frame = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    frame.current?.showModal();
  }, []);
  return (
    <dialog
      ref={frame}
      class={kind}
      aria-labelledby="dialog-title"
      onCancel={(event) => isHeld && event.preventDefault()}
      // A browser closes it at the second Escape whatever was prevented.
      onClose={() => (isHeld ? frame.current?.showModal() : onClose())}
    >
      <div class="dialog-head">
        <h2 id="dialog-title">{title}</h2>
        {/* A question has its own way out: beside "Close 4 TQQQ", "Close" could mean either. */}
        {kind === "sheet" && (
          <button type="button" class="close" onClick={() => frame.current?.close()}>
            Close
          </button>
        )}
      </div>
      {children}
    </dialog>
  );
}

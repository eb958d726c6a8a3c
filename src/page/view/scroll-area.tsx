/** A wide table's place: it scrolls by itself, with the keyboard too. */
import type { ComponentChildren } from "preact";

interface ScrollAreaProps {
  readonly label: string;
  readonly children: ComponentChildren;
}

export function ScrollArea({ label, children }: ScrollAreaProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}

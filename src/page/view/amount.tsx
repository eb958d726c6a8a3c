/** An amount in a narrow place: it may break behind its point, and nowhere else. */
import { Fragment } from "preact";

export function Amount({ text }: { readonly text: string }) {
  return text.split(/(?<=\.)/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

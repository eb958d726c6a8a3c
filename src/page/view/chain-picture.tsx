/** The chain of causes as a picture: boxes from the first claim to the last consequence. */
import type { ChainNode } from "../model/cause-chain.ts";
import { moment } from "../model/time-text.ts";
import type { ClaimKeyView } from "./claim-key.ts";

interface ChainPictureProps {
  readonly nodes: readonly ChainNode[];
  readonly now: string;
  readonly onClaim: (claim: ClaimKeyView) => void;
}

export function ChainPicture({ nodes, now, onClaim }: ChainPictureProps) {
  return (
    <ol class="chain" aria-label="Chain of causes, the first claim first">
      {nodes.map((node, index) => (
        <li key={`${index} ${node.title}`} class={`node ${node.kind}`}>
          <ChainBox node={node} now={now} onClaim={onClaim} />
        </li>
      ))}
    </ol>
  );
}

/** Words such as exit_duplicate_after_422 break where a reader would break them. */
function breakable(text: string): string {
  return text.replaceAll("_", "_\u200b");
}

function ChainBox({ node, now, onClaim }: Omit<ChainPictureProps, "nodes"> & { node: ChainNode }) {
  const { at, title, text, claim } = node;
  const content = (
    <>
      {at !== null && <time dateTime={at}>{moment(at, now)}</time>}
      <b>{title}</b>
      <span class="text">{breakable(text)}</span>
    </>
  );
  if (claim === null) return <div class="box">{content}</div>;
  return (
    <button type="button" class="box" onClick={() => onClaim(claim)}>
      {content}
    </button>
  );
}

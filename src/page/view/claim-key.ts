/** Which claim is meant, among all agents of the account. */
export interface ClaimKeyView {
  readonly agent: string;
  readonly requestId: string;
}

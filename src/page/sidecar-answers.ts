/** What the sidecar answers, as its own schemas have it: the page can differ from none of them. */
export type { ClaimLifeView } from "../sidecar/native-claim-life.ts";
export type { ClaimView } from "../sidecar/native-claim-schema.ts";
export type { EventView } from "../sidecar/native-event-schema.ts";
export type { IncidentView } from "../sidecar/native-incident-schema.ts";
export type { MarkView, PositionsView, SessionJson } from "../sidecar/native-overview.ts";
export type { StatusView } from "../sidecar/native-status-schema.ts";

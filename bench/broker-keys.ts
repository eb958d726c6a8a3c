/** The key that everybody here has at the simulated broker; no secret. */
export const KEYS = { keyId: "bench", secret: "bench-secret" } as const;
export const KEY_HEADERS = {
  "APCA-API-KEY-ID": KEYS.keyId,
  "APCA-API-SECRET-KEY": KEYS.secret,
} as const;

/** Two clocks that differ by more than this do not agree: Azure's own tolerance for tokens is five minutes. */
export const clockToleranceMs = 300_000;
/** A request is sent within this time after its intent, or not at all. Longer than the slowest request of any adapter. */
export const sendWithinMs = 120_000;
/** A request that was sent may arrive this long after the last moment at which it may be sent: a network may hold it. */
export const arriveWithinMs = 900_000;

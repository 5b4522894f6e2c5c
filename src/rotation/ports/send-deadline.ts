/** Until when a request that changes something may be sent, by our clock. After it, another worker may have gone on. */
export interface SendDeadline {
  hasPassed(): boolean;
}

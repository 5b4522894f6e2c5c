interface Keeping {
  /** An answer younger than this is given as it is. */
  readonly freshMs: number;
  /** An older one is given once more while the next is made; after this it is waited for. */
  readonly staleMs: number;
  /** A clock that is never set. */
  readonly monotonicMs: () => number;
}

/** An answer that is costly to make, kept for a while so that a page does not wait for it. */
export interface KeptAnswer<Answer> {
  readonly get: () => Promise<Answer>;
  /** After an act that changes the answer: the next one is made anew. */
  readonly forget: () => void;
}

/** Keeps what `make` returns. A failure is not kept: whoever waited for it is told, and the next asks again. */
export function keepAnswer<Answer>(
  make: () => Promise<Answer>,
  { freshMs, staleMs, monotonicMs }: Keeping,
): KeptAnswer<Answer> {
  let kept: { readonly at: number; readonly answer: Answer } | null = null;
  let making: Promise<Answer> | null = null;
  let generation = 0;

  return {
    async get() {
      const age = kept === null ? Number.POSITIVE_INFINITY : monotonicMs() - kept.at;
      if (kept !== null && age < freshMs) return kept.answer;
      const next = start();
      if (kept === null || age >= staleMs) return await next;
      // Nobody waits for it: a failure of it is told to the one who next has to wait.
      next.catch(() => undefined);
      return kept.answer;
    },
    forget() {
      generation += 1;
      kept = null;
      making = null;
    },
  };

  function start(): Promise<Answer> {
    making ??= makeFor(generation);
    return making;
  }

  async function makeFor(own: number): Promise<Answer> {
    try {
      const at = monotonicMs();
      const answer = await make();
      // What began before an act does not know of it.
      if (own === generation) kept = { at, answer };
      return answer;
    } finally {
      if (own === generation) making = null;
    }
  }
}

/** Whether the process that started this helper is still running. */
export interface ParentWatch {
  isGone(): boolean;
  /** Calls `act` once when the parent is gone, immediately if it already is. Returns a function that cancels this. */
  onGone(act: () => void): () => void;
  stop(): void;
}

const everyMs = 500;

/**
 * Watches this process's parent. Runners before 2.0 end a cancelled step by killing its shell alone: the helper would go on
 * with the secrets, a child of process 1. Where the parent is process 1 from the start, or of another process namespace (0),
 * nothing is watched: such a parent is not replaced when it ends.
 * `parentId`: the present parent's id, for tests. Source: Gitea's runner 1.0.8, seen after a cancel.
 */
export function watchParent(parentId: () => number = () => process.ppid): ParentWatch {
  const first = parentId();
  const acts = new Set<() => void>();
  let gone = false;
  const timer = first <= 1 ? undefined : setInterval(look, everyMs);
  // The watch must not keep the process alive.
  timer?.unref();

  function look(): void {
    if (parentId() === first) return;
    gone = true;
    clearInterval(timer);
    for (const act of acts) act();
  }

  return {
    isGone: () => gone,
    onGone(act) {
      if (gone) act();
      else acts.add(act);
      return () => void acts.delete(act);
    },
    stop: () => clearInterval(timer),
  };
}

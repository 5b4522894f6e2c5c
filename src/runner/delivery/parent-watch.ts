/** Whether the process that started this helper is still running. */
export interface ParentWatch {
  isGone(): boolean;
  /** Calls `act` once when the parent is gone, immediately if it already is. Returns a function that cancels this. */
  onGone(act: () => void): () => void;
  stop(): void;
}

const everyMs = 500;

/**
 * Watches this process's parent. Runners before 2.0 end a cancelled step by killing only its shell; the helper would
 * keep running with the secrets, as a child of process 1. Nothing is watched if the parent is process 1 from the start,
 * or in another process namespace (0), because its end does not change the parent's id. `parentId` returns the current
 * parent's id; tests replace it.
 * Source: Gitea's runner 1.0.8, seen after a cancel.
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

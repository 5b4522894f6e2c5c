import { readFileSync } from 'node:fs';

export type MaskDecision = { readonly masks: true } | { readonly masks: false; readonly reason: string | null };

/**
 * Whether masks may be written. While a `::stop-commands::` is open, a runner prints `::add-mask::SECRET` instead of
 * obeying it. Before 3.1.0 one that any earlier step left open stays open for the whole job; since then only one of the
 * same step counts, and there is none when nobody has written anything in this step before us.
 */
export function decideMasks(
  environment: Readonly<Record<string, string | undefined>>,
  stepIsSilent: () => boolean = nothingWrittenYet,
): MaskDecision {
  if (environment['GITHUB_ACTIONS'] !== 'true') return { masks: false, reason: null };
  const version = /^v?(\d+)\.(\d+)\.\d+/.exec(environment['GITEA_ACTIONS_RUNNER_VERSION'] ?? '');
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  if (major < 3 || (major === 3 && minor < 1)) {
    return { masks: false, reason: 'this runner is older than 3.1.0 and may print masks instead of obeying them' };
  }
  if (!stepIsSilent()) {
    return { masks: false, reason: 'this step has already printed output, which could have stopped commands' };
  }
  return { masks: true };
}

/**
 * Whether no process of this step has written a byte before this one. A step is a process group; its leader and all
 * processes between it and this one must have written nothing, and neither their ended children, which Linux counts
 * with them. Unknown is `false`.
 */
function nothingWrittenYet(): boolean {
  try {
    const leader = Number(readProcessStat(process.pid)[2]);
    for (let pid = process.pid; pid !== leader; ) {
      pid = Number(readProcessStat(pid)[1]);
      if (pid <= 1 || writtenBytes(pid) > 0) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** State, parent, process group, …: what stands behind the name in `/proc/PID/stat`. */
function readProcessStat(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function writtenBytes(pid: number): number {
  const [, count] = /^wchar: (\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/io`, 'latin1')) ?? [];
  return count === undefined ? Number.NaN : Number(count);
}

import { readFileSync } from 'node:fs';

/** Set by every runner of Gitea, Forgejo and GitHub in each step. */
const marks = ['GITHUB_ACTIONS', 'GITEA_ACTIONS', 'FORGEJO_ACTIONS', 'GITHUB_RUN_ID', 'ACTIONS_RUNTIME_TOKEN'];

/**
 * Whether this process runs in a job: its own environment says so, or that of a process above it, as the kernel shows it.
 * A step can change its own environment, but not what its shell was started with. A process of another user cannot be
 * read and is no step of this user.
 */
export function isInJob(environment: Readonly<Record<string, string | undefined>>): boolean {
  if (marks.some((name) => (environment[name] ?? '') !== '')) return true;
  for (let id = process.ppid; id > 1; id = parentOf(id)) {
    if (hasMark(id)) return true;
  }
  return false;
}

function hasMark(id: number): boolean {
  try {
    const entries = readFileSync(`/proc/${String(id)}/environ`, 'latin1').split('\0');
    return entries.some((entry) =>
      marks.some((name) => entry.startsWith(`${name}=`) && entry.length > name.length + 1),
    );
  } catch {
    return false;
  }
}

function parentOf(id: number): number {
  try {
    const stat = readFileSync(`/proc/${String(id)}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Pseudo file systems, and those that a jail has of its own. They hold no socket that anything listens on. */
const pseudo =
  /^(proc|sysfs|devtmpfs|devpts|mqueue|cgroup2?|bpf|tracefs|debugfs|securityfs|pstore|configfs|fusectl|binfmt_misc|nsfs|rpc_pipefs|hugetlbfs|autofs)$/;

/** The jail covers these folders as a whole. */
const coveredAnyway = /^(\/run|\/var\/run|\/dev|\/proc|\/sys)(\/|$)/;
const deepest = 6;
const mostEntries = 200_000;

/**
 * Finds the sockets with a path that a process of this machine may listen on: those of this network, which the kernel
 * lists, and those in file systems that were mounted here, such as an engine's socket in a container. Abstract sockets
 * belong to a network, so a jail has none. Source: unix(7), proc(5).
 */
export function reachableSockets(): readonly string[] {
  const bound = boundPaths(readOr('/proc/net/unix'));
  const mounted = mountPoints(readOr('/proc/self/mountinfo')).flatMap((folder) => socketsUnder(folder));
  return [...new Set([...bound, ...mounted])].filter((path) => !coveredAnyway.test(path) && isSocket(path));
}

/** The paths in the kernel's list of sockets: the eighth field of each line. */
export function boundPaths(table: string): readonly string[] {
  return table.split('\n').flatMap((line) => /^(?:\S+\s+){7}(\/.+)$/.exec(line.trim())?.slice(1) ?? []);
}

/** Where file systems of other machines and containers are mounted. Escapes are octal. Source: proc(5), mountinfo. */
export function mountPoints(table: string): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const point = before.split(' ')[4] ?? '';
    const kind = after.split(' ')[0] ?? '';
    if (point === '' || point === '/' || pseudo.test(kind)) return [];
    return [point.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)))];
  });
}

/** Breadth first, so that what is near the top is found in however large a folder. */
function socketsUnder(top: string): readonly string[] {
  const found: string[] = isSocket(top) ? [top] : [];
  let folders = [top];
  let entries = 0;
  for (let depth = 0; depth < deepest && entries < mostEntries; depth += 1) {
    const next: string[] = [];
    for (const folder of folders) {
      for (const entry of entriesOf(folder)) {
        entries += 1;
        if (entry.isSocket()) found.push(join(folder, entry.name));
        if (entry.isDirectory()) next.push(join(folder, entry.name));
      }
      if (entries >= mostEntries) break;
    }
    folders = next;
  }
  return found;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // A file, or a folder that this user may not list.
    return [];
  }
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    // It has ended since, or cannot be reached.
    return false;
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

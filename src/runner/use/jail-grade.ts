import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { JailGrade } from '../../provenance/use-exchange.ts';
import { probeWords } from './jail-script.ts';

/** What keeps a command from everything but the broker on this machine. */
export interface JailFound {
  readonly grade: JailGrade;
  /** `unshare` of this machine; only for namespaces. */
  readonly unshare: string | null;
  /** Why it is no better; empty for namespaces. */
  readonly reason: string;
}

const probeMs = 20_000;
/** Not from the PATH of the job, which an earlier step can change. */
const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Tries whether a jail can be made here, by making one. Never rejects: what it cannot make is not one. */
export async function findJail(user: number, group: number): Promise<JailFound> {
  const unshare = folders.map((folder) => `${folder}/unshare`).find((path) => existsSync(path)) ?? null;
  const reason = unshare === null ? 'unshare of util-linux is not installed' : await probe(unshare, user, group);
  if (reason === null) return { grade: 'namespaces', unshare, reason: '' };
  return { grade: isWithoutNetwork() ? 'container' : 'cooperative', unshare: null, reason };
}

/** Returns why no jail could be made; `null` if one was. */
function probe(unshare: string, user: number, group: number): Promise<string | null> {
  const [file = '', ...words] = probeWords(unshare, user, group);
  return new Promise((resolve) => {
    // unshare takes no TERM while it waits for what it started.
    const killSignal = 'SIGKILL';
    const options = { env: { PATH: folders.join(':') }, cwd: '/', timeout: probeMs, killSignal } as const;
    execFile(file, words, options, (error, _output, errors) => resolve(error === null ? null : reasonIn(errors)));
  });
}

/** The first sentence that the jail or the kernel gave. */
function reasonIn(errors: string): string {
  const [line = ''] = errors.split('\n').filter((text) => text !== '');
  const text = line
    .replace(/^keyturn-fetch: no jail: /, '')
    .replace(/[^ -~]/g, '?')
    .slice(0, 200);
  return text === '' ? 'it could not be tried' : text;
}

/** Whether this process's network has no way out: a container whose runner sets `container.network: none`. */
export function isWithoutNetwork(
  routes = readOr('/proc/net/route'),
  routes6 = readOr('/proc/net/ipv6_route'),
  interfaces = readOr('/proc/net/dev'),
): boolean {
  const names = interfaces.split('\n').flatMap((line) => /^\s*([^\s:]+):/.exec(line)?.slice(1) ?? []);
  const used = [
    ...linesOf(routes)
      .slice(1)
      .map((line) => line.split(/\s+/)[0]),
    ...linesOf(routes6).map(lastOf),
  ];
  // An interface that is down has no route; one of another kind than lo with a route leads out.
  return names.length > 0 && used.every((name) => name === 'lo');
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

function lastOf(line: string): string {
  return line.trim().split(/\s+/).at(-1) ?? '';
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not known, so nothing is shown: without a list of interfaces there is no proof.
    return '';
  }
}

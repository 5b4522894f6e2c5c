import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

/**
 * Removes a variable from this process's environment, from the copy in the kernel too: `/proc/PID/environ` shows what the
 * process was started with, to every process of the same user, whatever `process.env` says since. Overwrites the value in
 * this process's own memory, which needs no second start of the helper. Returns whether the value is gone; `false` where
 * `/proc` is missing. Source: proc(5), fields 50 and 51 of `/proc/self/stat`.
 */
export function clearVariable(name: string): boolean {
  const value = process.env[name];
  if (value === undefined) return true;
  delete process.env[name];
  try {
    overwrite(Buffer.from(`${name}=${value}\0`), name.length + 1);
    return !readFileSync('/proc/self/environ').includes(`${name}=${value}`);
  } catch {
    return false;
  }
}

/** Overwrites an entry of the environment that the kernel shows, from `from` on, with zeros. */
function overwrite(entry: Buffer, from: number): void {
  const { start, end } = environmentBounds();
  const memory = openSync('/proc/self/mem', 'r+');
  try {
    const block = Buffer.alloc(end - start);
    readSync(memory, block, 0, block.length, start);
    for (let at = block.indexOf(entry); at >= 0; at = block.indexOf(entry, at + 1)) {
      const isWhole = at === 0 || block[at - 1] === 0;
      if (isWhole) writeSync(memory, Buffer.alloc(entry.length - from), 0, entry.length - from, start + at + from);
    }
    block.fill(0);
  } finally {
    closeSync(memory);
  }
}

/** Where the kernel finds the environment in this process's memory. */
function environmentBounds(): { readonly start: number; readonly end: number } {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // The name of the program, in parentheses, may hold spaces; state, the third field, follows it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [start, end] = [Number(fields[47]), Number(fields[48])];
  if (!Number.isSafeInteger(start) || !(end > start) || end - start > 16_777_216)
    throw new RangeError('No environment.');
  return { start, end };
}

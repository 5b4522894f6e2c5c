import { fstatSync, readdirSync, readFileSync } from 'node:fs';

const closeOnExec = 0o2000000;

/**
 * The descriptors above the standard three that a program started by this process would inherit: whoever started this
 * process may have left one open, and it may lead anywhere. Source: proc(5), fdinfo; fcntl(2), F_SETFD.
 */
export function inheritedDescriptors(): readonly number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((number) => number > 2 && isInherited(number));
}

function isInherited(number: number): boolean {
  try {
    const [, flags = '0'] =
      /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${String(number)}`, 'latin1')) ?? [];
    return (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    // The descriptor of the listing itself.
    return false;
  }
}

/** Whether the standard input is a connection to another process, which a command could talk through. */
export function isInputSocket(): boolean {
  try {
    return fstatSync(0).isSocket();
  } catch {
    return false;
  }
}

import { writeSync } from 'node:fs';

/** Ends this process on another system: without /proc, memory files and process groups, secrets would be left behind. */
export function requireLinux(): void {
  if (process.platform === 'linux') return;
  writeSync(
    2,
    'keyturn-fetch: runs on Linux only; on Windows use WSL 2, on macOS a container or a virtual machine with Linux\n',
  );
  process.exit(2);
}

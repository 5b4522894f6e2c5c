import { writeSync } from 'node:fs';

/**
 * Disables two features of Node before anything else. SIGUSR1 would start its debugger, through which any process of
 * this user could read memory, even if the kernel prevents that otherwise. And an uncaught error would be printed with
 * all its contents.
 */
export function sealProcess(): void {
  process.on('SIGUSR1', () => undefined);
  process.on('uncaughtException', () => {
    try {
      writeSync(2, 'keyturn-fetch: stopped by a fault of its own\n');
    } catch {
      // Nobody reads the log any more; the guardian still ends the command and removes its files.
    }
    process.exit(1);
  });
}

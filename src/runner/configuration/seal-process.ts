import { writeSync } from 'node:fs';

/**
 * Shuts two doors of Node's own, first of all. SIGUSR1 would start its debugger, through which any process of this user
 * could read what is in memory, even where the kernel keeps it from doing so otherwise. And a fault that nobody caught
 * would be printed with whatever it carries.
 */
export function sealProcess(): void {
  process.on('SIGUSR1', () => undefined);
  process.on('uncaughtException', () => {
    try {
      writeSync(2, 'keyturn-fetch: stopped by a fault of its own\n');
    } catch {
      // Nobody reads the log any more; the guardian ends the command and removes its files all the same.
    }
    process.exit(1);
  });
}

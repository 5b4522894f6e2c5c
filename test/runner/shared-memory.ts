import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * A path in memory that no other run on this machine has, in a folder that is removed after the test. The folder's name is
 * none that a sweep takes for a helper's own.
 */
export function pathInSharedMemory(name: string): string {
  const folder = mkdtempSync('/dev/shm/keyturn-test-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * A unique path in memory, in a folder that is removed after the test. A sweep does not mistake the folder's name for a
 * helper's.
 */
export function pathInSharedMemory(name: string): string {
  const folder = mkdtempSync('/dev/shm/keyturn-test-');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, name);
}

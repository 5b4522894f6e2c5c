import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { loadJobKey } from '../../src/runner/broker/key-file.ts';
import type { Rounds } from './load-job-key.ts';

const folders: string[] = [];
const memoryFolder = () => {
  const folder = mkdtempSync('/dev/shm/keyturn-test-');
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const numbers = { instance: 'a1b2c3d4', taskId: 7 };
const place = (folder: string, jobFolder: string, nonce = 'a') => ({ folder, jobFolder, numbers, nonce });

describe('the key of a job', () => {
  it('is one for steps that begin at the same moment', async () => {
    const threads = 4;
    const arrived = new Int32Array(new SharedArrayBuffer(4));
    const shared = { folder: memoryFolder(), jobFolder: memoryFolder(), threads, rounds: 200, arrived };
    const told = await Promise.all(
      Array.from({ length: threads }, async (_, thread) => await inThread({ ...shared, thread })),
    );
    const different = told[0]
      ?.map((_, round) => new Set(told.map((keys) => keys[round])))
      .filter((one) => one.size > 1);
    expect(different).toEqual([]);
    expect(told[0]?.every((key) => /^[\w-]{43}$/.test(key))).toBe(true);
    expect(readdirSync(shared.folder)).toHaveLength(200);
  });

  it('is refused in a container without the folder of keys, which leaves none there', () => {
    const [folder, elsewhere, jobFolder] = [memoryFolder(), memoryFolder(), memoryFolder()];
    const key = loadJobKey(place(folder, jobFolder));
    expect(() => loadJobKey(place(elsewhere, jobFolder))).toThrow('does not share the folder');
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(loadJobKey(place(folder, jobFolder)).publicKey).toEqual(key.publicKey);
  });

  it('is taken up if the step that made it was killed before it left a note', () => {
    const [folder, elsewhere, jobFolder] = [memoryFolder(), memoryFolder(), memoryFolder()];
    const key = loadJobKey(place(folder, jobFolder));
    for (const name of readdirSync(jobFolder)) rmSync(join(jobFolder, name));
    expect(loadJobKey(place(folder, jobFolder, 'b')).publicKey).toEqual(key.publicKey);
    expect(() => loadJobKey(place(elsewhere, jobFolder, 'c'))).toThrow('does not share the folder');
  });

  it('is left to the container that noted its own first', () => {
    const [folder, elsewhere, jobFolder] = [memoryFolder(), memoryFolder(), memoryFolder()];
    loadJobKey(place(folder, memoryFolder()));
    const key = loadJobKey(place(elsewhere, jobFolder));
    expect(() => loadJobKey(place(folder, jobFolder))).toThrow('does not share the folder');
    expect(loadJobKey(place(elsewhere, jobFolder)).publicKey).toEqual(key.publicKey);
  });
});

async function inThread(workerData: Rounds): Promise<readonly string[]> {
  const worker = new Worker(new URL('load-job-key.ts', import.meta.url), { workerData });
  return await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

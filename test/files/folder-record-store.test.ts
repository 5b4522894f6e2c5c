import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { linkDurably } from '../../src/files/durable-file.ts';
import { folderRecordStore } from '../../src/files/folder-record-store.ts';
import { announceNumber, generationFile } from '../../src/files/generations.ts';
import { sharedFileSystem } from '../../src/files/local-disk.ts';
import { recordStoreContract } from '../contracts/record-store.contract.ts';

const parent = await mkdtemp(join(tmpdir(), 'keyturn-records-'));
afterAll(() => rm(parent, { recursive: true }));

let count = 0;
function fresh(): string {
  return join(parent, String(count++));
}
const bytes = (content: string) => new TextEncoder().encode(content);
const content = (record: { bytes: Uint8Array } | null) => new TextDecoder().decode(record?.bytes);

recordStoreContract('folder', () => folderRecordStore(fresh()));

describe('when several processes share one folder', () => {
  it('gives each path to exactly one of them', async () => {
    const directory = fresh();
    const rounds = 60;
    const results = await race(directory, 'claim', rounds);
    expect(results.reduce((sum, { won }) => sum + won, 0)).toBe(rounds);

    const store = await folderRecordStore(directory);
    const owners = new Map<string, number>();
    for await (const path of store.list('claim/')) {
      const owner = content(await store.read(path));
      owners.set(owner, (owners.get(owner) ?? 0) + 1);
    }
    for (const { name, won } of results) expect(owners.get(name) ?? 0).toBe(won);
  });

  it('loses no replacement, though generations are pruned meanwhile', async () => {
    const directory = fresh();
    const store = await folderRecordStore(directory);
    await store.create('counter', bytes('0'));
    await race(directory, 'count', 40);
    expect(content(await store.read('counter'))).toBe(String(4 * 40));
    expect((await readdir(join(directory, '=counter'))).length).toBeLessThan(40);
  });

  it('keeps what was acknowledged when a process is killed, and never shows half a record', async () => {
    const directory = fresh();
    const store = await folderRecordStore(directory);
    await store.create('counter', bytes('0'));
    const child = start(directory, 'count', 'killed', 1_000_000);
    let seen = 0;
    while (seen < 30) {
      const now = content(await store.read('counter'));
      expect(now).toMatch(/^\d+$/);
      expect(Number(now)).toBeGreaterThanOrEqual(seen);
      seen = Number(now);
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const last = await store.read('counter');
    expect(Number(content(last))).toBeGreaterThanOrEqual(seen);
    await store.replace('counter', bytes('still writable'), last?.revision ?? '');
  });
});

/** A record at generation 2, and what other processes may do to it. */
async function withHead() {
  const directory = fresh();
  const store = await folderRecordStore(directory);
  const file = join(directory, 'head');
  let newest = await store.replace('head', bytes('2'), await store.create('head', bytes('1')));
  return {
    store,
    file,
    link: (number: number) => linkDurably(join(directory, '=pending'), generationFile(file, number), bytes('late')),
    replaceUntil: async (last: number) => {
      newest = (await store.read('head'))?.revision ?? newest;
      for (let round = Number.parseInt(newest) + 1; round <= last; round++) {
        newest = await store.replace('head', bytes(String(round)), newest);
      }
    },
  };
}

describe('when a process stands still between reading and writing', () => {
  it('loses, even after its number was pruned', async () => {
    const store = await folderRecordStore(fresh());
    const first = await store.create('head', bytes('0'));
    let newest = await store.replace('head', bytes('1'), first);
    const stale = newest;
    for (let round = 2; round < 60; round++) newest = await store.replace('head', bytes(String(round)), newest);
    await expect(store.replace('head', bytes('late'), stale)).rejects.toMatchObject({ code: 'RECORD_CHANGED' });
    expect(content(await store.read('head'))).toBe('59');
  });

  it('cannot link the number that it announced, if another process used it meanwhile, however much was pruned', async () => {
    const { store, file, link, replaceUntil } = await withHead();
    const announced = await announceNumber(file, 3);
    await replaceUntil(60);
    expect(await link(3)).toBe(false);
    expect(await announced.withdraw()).toBe(true);
    expect(content(await store.read('head'))).toBe('60');
  });

  it('has written what it linked in time, however many wrote after it before it looked again', async () => {
    const { store, file, link, replaceUntil } = await withHead();
    const announced = await announceNumber(file, 3);
    expect(await link(3)).toBe(true);
    await replaceUntil(60);
    // More than sixteen newer ones once made a process believe that its write had not counted, and write again.
    expect(await announced.withdraw()).toBe(true);
    expect(content(await store.read('head'))).toBe('60');
  });

  it('holds up pruning for a day at most, and is told that nobody vouches for its write then', async () => {
    const { file, replaceUntil } = await withHead();
    const announced = await announceNumber(file, 3);
    await replaceUntil(60);
    const [name = ''] = (await readdir(join(file, '..', '=head'))).filter((one) => one.startsWith('next-'));
    const dayAgo = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(file, '..', '=head', name), dayAgo, dayAgo);
    await replaceUntil(61);
    expect((await readdir(join(file, '..', '=head'))).length).toBeLessThan(20);
    expect(await announced.withdraw()).toBe(false);
  });

  it('tells two states with the same bytes apart', async () => {
    const store = await folderRecordStore(fresh());
    const first = await store.create('head', bytes('a'));
    const second = await store.replace('head', bytes('b'), first);
    await store.replace('head', bytes('a'), second);
    await expect(store.replace('head', bytes('c'), first)).rejects.toMatchObject({ code: 'RECORD_CHANGED' });
  });
});

describe('a record that was removed', () => {
  it('leaves nothing of its content in the folder, of whatever state', async () => {
    const directory = fresh();
    const store = await folderRecordStore(directory);
    const first = await store.create('jobs/1', bytes('pushed by ann'));
    await store.remove('jobs/1', await store.replace('jobs/1', bytes('pushed by ann, done'), first));
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    const sizes = await Promise.all(
      files.filter((file) => file.isFile()).map(async (file) => (await stat(join(file.parentPath, file.name))).size),
    );
    expect(sizes).toEqual([0]);
    expect(await readdir(join(directory, '=pending'))).toEqual([]);
  });

  it('is erased by the next start if the process died after it had marked it', async () => {
    const directory = fresh();
    const store = await folderRecordStore(directory);
    await store.replace('head', bytes('ann'), await store.create('head', bytes('ann')));
    await writeFile(join(directory, '=pending', 'erase-0123'), 'head');
    await mkdir(join(directory, '=head', '3'));
    const listed: string[] = [];
    for await (const path of store.list('')) listed.push(path);
    expect([await store.read('head'), listed]).toEqual([null, []]);
    await folderRecordStore(directory);
    expect((await stat(join(directory, 'head'))).size).toBe(0);
    expect(await readdir(join(directory, '=head'))).toEqual(['3']);
  });

  it('keeps the number that another process is about to link, so that this process loses', async () => {
    const { store, file, link, replaceUntil } = await withHead();
    const announced = await announceNumber(file, 3);
    await replaceUntil(4);
    await store.remove('head', (await store.read('head'))?.revision ?? '');
    expect(await link(3)).toBe(false);
    await announced.withdraw();
    expect(await store.read('head')).toBeNull();
  });
});

describe('the folder', () => {
  it("is the owner's alone, and so is all in it", async () => {
    const directory = fresh();
    const store = await folderRecordStore(directory);
    await store.create('journal/one', bytes('1'));
    for (const folder of ['', 'journal', '=pending']) {
      expect((await stat(join(directory, folder))).mode & 0o777).toBe(0o700);
    }
    expect((await stat(join(directory, 'journal/one'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(directory, '=pending'))).toEqual([]);
  });

  it('is refused where others may write to what is in it', async () => {
    const directory = fresh();
    await mkdir(directory);
    await writeFile(join(directory, 'something'), '');
    await chmod(directory, 0o777);
    await expect(folderRecordStore(directory)).rejects.toMatchObject({ code: 'RECORD_STORE_REFUSED' });
  });

  it('is refused on file systems that machines share', () => {
    expect(sharedFileSystem(0x6969, 'linux')).toBe('NFS');
    expect(sharedFileSystem(0xff534d42, 'linux')).toBe('CIFS');
    expect(sharedFileSystem(-11317950n, 'linux')).toBe('CIFS');
    expect(sharedFileSystem(0x65735546n, 'linux')).toBe('FUSE');
    expect(sharedFileSystem(0xef53, 'linux')).toBeNull();
    expect(sharedFileSystem(0x1021994n, 'linux')).toBeNull();
    expect(sharedFileSystem(0x6969, 'darwin')).toBeNull();
  });

  it('cannot be a file', async () => {
    const file = fresh();
    await writeFile(file, '');
    await expect(folderRecordStore(file)).rejects.toMatchObject({
      code: 'RECORD_STORE_UNREACHABLE',
      details: { reason: 'EEXIST' },
    });
  });

  it('refuses a record below a record, and one in the place of a folder', async () => {
    const store = await folderRecordStore(fresh());
    await store.create('a/b', bytes(''));
    await expect(store.create('a/b/c', bytes(''))).rejects.toMatchObject({ code: 'RECORD_PATH_REFUSED' });
    await expect(store.create('a', bytes(''))).rejects.toMatchObject({ code: 'RECORD_PATH_REFUSED' });
    expect(await store.read('a')).toBeNull();
    expect(await store.read('a/b/c')).toBeNull();
  });
});

async function race(directory: string, task: string, rounds: number): Promise<{ name: string; won: number }[]> {
  const children = ['one', 'two', 'three', 'four'].map((name) => start(directory, task, name, rounds));
  return await Promise.all(
    children.map(async (child) => {
      if (child.stdout === null) throw new Error('no output');
      return JSON.parse(await text(child.stdout)) as { name: string; won: number };
    }),
  );
}

function start(directory: string, task: string, name: string, rounds: number): ChildProcess {
  const script = join(import.meta.dirname, 'racing-process.ts');
  return spawn(process.execPath, [script, directory, task, name, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

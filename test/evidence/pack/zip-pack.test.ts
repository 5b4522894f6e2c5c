import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipUnless } from '../../skip-unless.ts';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import { verifyPack } from '../../../src/evidence/verify/verify-pack.ts';
import { zipPack } from '../../../src/evidence/pack/zip-pack.ts';
import { memoryRecords } from '../memory-records.ts';
import { orderOf } from '../order.ts';
import { auditedStory } from '../story.ts';

const python = skipUnless(spawnSync('python3', ['--version']).error === undefined, 'python3 is not installed');
const records = memoryRecords();
let folder: string;
let pack: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-zip-'));
  pack = (await producePack(orderOf({ records, audited: auditedStory({ reads: 50 }) }))).id;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const zipped = async (): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of zipPack(records, pack)) chunks.push(chunk);
  return Buffer.concat(chunks);
};

describe('a pack as one zip', () => {
  it('unpacks to a folder that verifies', python, async () => {
    const file = join(folder, 'pack.zip');
    await writeFile(file, await zipped());
    expect(execFileSync('python3', ['-m', 'zipfile', '-t', file], { encoding: 'utf8' })).toContain('Done testing');
    execFileSync('python3', ['-m', 'zipfile', '-e', file, join(folder, 'out')]);
    expect(await verifyPack(join(folder, 'out'))).toMatchObject({ outcome: 'intact', reads: 50 });
  });

  it('is the same every time', async () => {
    expect((await zipped()).equals(await zipped())).toBe(true);
  });

  it('is refused for an unknown pack', async () => {
    const first = zipPack(records, 'none')[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ code: 'PACK_UNREADABLE' });
  });
});

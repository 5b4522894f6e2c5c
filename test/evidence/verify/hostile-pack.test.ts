import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { cp, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import { verifyPack } from '../../../src/evidence/verify/verify-pack.ts';
import { callCommand } from '../../commands/call-command.ts';
import { orderOf } from '../order.ts';
import { auditedStory } from '../story.ts';

let folder: string;
let sealed: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-hostile-'));
  sealed = join(folder, 'sealed');
  await producePack(orderOf({ out: sealed, audited: auditedStory({ reads: 20 }) }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function copied(): Promise<string> {
  count += 1;
  const pack = join(folder, `pack-${String(count)}`);
  await cp(sealed, pack, { recursive: true });
  return pack;
}

/** What a hostile pack may hold in place of a file. */
const specials: Readonly<Record<string, (path: string) => Promise<void>>> = {
  'a pipe': (path) => Promise.resolve(void execFileSync('/bin/sh', ['-c', 'mkfifo "$1"', 'sh', path])),
  'a link to a device without end': (path) => symlink('/dev/zero', path),
  'a socket': async (path) => {
    const server = createServer();
    server.listen(path);
    await once(server, 'listening');
    server.unref();
  },
  'a sparse file of 10 GB': async (path) => {
    const file = await open(path, 'w');
    await file.truncate(10_000_000_000);
    await file.close();
  },
};

describe.each(['pack.dsse.json', 'manifest.json', 'data-manifest.json', 'public-key.pem', 'retrievals.ndjson'])(
  'a pack whose %s',
  (name) => {
    it.each(Object.entries(specials))('is %s is broken, without a byte of it being read', async (_what, make) => {
      const pack = await copied();
      const path = join(pack, name);
      await rm(path, { force: true });
      await make(path);
      const verification = await verifyPack(pack);
      expect(verification.outcome).toBe('broken');
      expect(verification.faults.map(({ file }) => file)).toContain(name);
    });
  },
);

describe('the name of a file in a pack', () => {
  const verdict = 'intact; signed by the key you trust';

  it('stays on one line of the terminal, and the verdict comes last', async () => {
    const pack = await copied();
    await writeFile(join(pack, `a${'\n'.repeat(20)}${verdict}\n\tSealed by the holder`), '');
    const { code, printed } = await callCommand(['verify', pack]);
    expect(code).toBe(1);
    expect(printed.filter((line) => /[\n\t]/.test(line) || line === verdict)).toEqual([]);
    expect(printed.at(-1)).toMatch(/^broken: a\\u000a/);
  });

  it('stays on one line where it is part of an error', async () => {
    const { code, said } = await callCommand(['verify', `${folder}/none\n${verdict}`]);
    expect([code, said.filter((line) => line.includes('\n'))]).toEqual([3, []]);
  });
});

describe('a check that is interrupted', () => {
  it('ends without a verdict', async () => {
    const { code, printed, said } = await callCommand(['verify', sealed], { signal: AbortSignal.abort() });
    expect([code, printed]).toEqual([3, []]);
    expect(said.join('\n')).toContain('CHECK_INTERRUPTED');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at the first %s, in the middle of its work', async (signal) => {
    // So many packs that the check takes seconds; the first line shows that it runs.
    const packs = Array.from({ length: 400 }, () => sealed);
    const child = spawn(process.execPath, ['src/cli.ts', 'verify', ...packs], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    child.kill(signal);
    child.stdout.resume();
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(3);
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { knownSigner, orderOf } from '../evidence/order.ts';
import { auditedStory } from '../evidence/story.ts';
import { skipUnless } from '../skip-unless.ts';
import { changesOfPack, newCurveSigner } from '../verify-page/changed-packs.ts';
import { codeIn } from './held-block.ts';

const openssl = spawnSync('openssl', ['version'], { encoding: 'utf8' });
const isHere = openssl.error === undefined && openssl.stdout.startsWith('OpenSSL 3.');
const page = readFileSync('docs/auditing.md', 'utf8');
const script = codeIn(/<!-- begin: openssl -->\n([\s\S]*?)<!-- end -->/.exec(page)?.[1] ?? '');

let folder: string;
let sealed: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-openssl-'));
  sealed = join(folder, 'sealed');
  await producePack(orderOf({ out: sealed, audited: auditedStory({ reads: 40 }) }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function run(pack: string): { readonly status: number | null; readonly last: string } {
  const environment = { PATH: process.env['PATH'] ?? '', TMPDIR: folder };
  const { status, stdout } = spawnSync('/bin/sh', ['-c', script], { cwd: pack, encoding: 'utf8', env: environment });
  return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

describe('the check with openssl and sha256sum', skipUnless(isHere, 'no OpenSSL 3 on this machine'), () => {
  it('holds for a pack that an Ed25519 key sealed, and ends with its fingerprint', () => {
    expect(run(sealed)).toEqual({ status: 0, last: knownSigner().fingerprint });
  });

  it('holds for packs that a P-256 key sealed', async () => {
    for (const number of [1, 2, 3]) {
      const signer = newCurveSigner();
      const out = join(folder, `curve-${String(number)}`);
      await producePack(orderOf({ out, signer, audited: auditedStory({ reads: 3 }) }));
      expect(run(out)).toEqual({ status: 0, last: signer.fingerprint });
    }
  });

  // What the holder of the key sealed in another form, and a seal of another form, keep every byte under the signature.
  const isOfForm = ({ what }: { readonly what: string }) =>
    what.endsWith('sealed so') || what === 'a space in the seal';
  it.each(changesOfPack.filter((one) => !isOfForm(one)))(
    'ends before the fingerprint for a changed pack: $what',
    async ({ change }) => {
      const pack = join(folder, 'changed');
      await rm(pack, { recursive: true, force: true });
      await cp(sealed, pack, { recursive: true });
      await change(pack);
      const { status, last } = run(pack);
      expect(status).not.toBe(0);
      expect(last).not.toMatch(/^sha256:/);
    },
  );
});

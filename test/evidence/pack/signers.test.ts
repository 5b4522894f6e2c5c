import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyVaultSigner } from '../../../src/azure/key-vault-signer.ts';
import { localSigner } from '../../../src/files/local-signer.ts';
import { signerContract } from '../../contracts/signer.contract.ts';
import { type KeyVaultOfOneKey, keyVaultOfOneKey } from '../key-vault-keys.ts';

let folder: string;
let vaults: Record<'low' | 'high' | 'other' | 'refusing', KeyVaultOfOneKey>;
const credential = { getToken: () => Promise.resolve({ token: 't', expiresOnTimestamp: Date.now() + 3_600_000 }) };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-signer-'));
  vaults = {
    low: await keyVaultOfOneKey(),
    high: await keyVaultOfOneKey({ highS: true }),
    other: await keyVaultOfOneKey({ curve: 'P-384' }),
    refusing: await keyVaultOfOneKey(),
  };
});
afterAll(async () => {
  await Promise.all(Object.values(vaults).map((vault) => vault.close()));
  await rm(folder, { recursive: true, force: true });
});

const vaultSigner = (vault: 'low' | 'high' | 'other' | 'refusing') =>
  keyVaultSigner({ keyId: vaults[vault].keyId, credential, embedded: true });

signerContract('a key in a file', () => localSigner(join(folder, 'contract', 'seal.pem')));
signerContract('a key of Key Vault', () => vaultSigner('low'));
signerContract('a key of Key Vault that gives the larger s', () => vaultSigner('high'));

describe('a key in a file', () => {
  it('is created if missing, readable only by its owner, and kept', async () => {
    const path = join(folder, 'made', 'seal.pem');
    const first = await localSigner(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await localSigner(path)).fingerprint).toBe(first.fingerprint);
  });

  it('is the same key for two processes that start at once', async () => {
    const path = join(folder, 'race.pem');
    const signers = await Promise.all([localSigner(path), localSigner(path)]);
    expect(new Set(signers.map((signer) => signer.fingerprint)).size).toBe(1);
  });

  it('is refused if others may read it', async () => {
    const path = join(folder, 'open.pem');
    await localSigner(path);
    await chmod(path, 0o640);
    await expect(localSigner(path)).rejects.toMatchObject({ code: 'SIGNING_KEY_UNUSABLE' });
  });

  it('is refused if it is not a key, without showing any byte of it', async () => {
    const path = join(folder, 'words.pem');
    await writeFile(path, 'not a key but a secret all the same', { mode: 0o600 });
    const error: unknown = await localSigner(path).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SIGNING_KEY_UNUSABLE' });
    expect(JSON.stringify(error) + String(error)).not.toContain('secret all the same');
    expect(await readFile(path, 'utf8')).toContain('not a key');
  });
});

describe('a key of Key Vault', () => {
  it('signs with the version that it was opened with', async () => {
    const signer = await vaultSigner('low');
    await signer.sign(Buffer.from('x'));
    expect(vaults.low.requests.at(-1)).toBe('POST /keys/seal/0123456789abcdef0123456789abcdef/sign');
  });

  it('is refused if it has another curve, or is not a key', async () => {
    await expect(vaultSigner('other')).rejects.toMatchObject({ code: 'SIGNING_KEY_UNUSABLE' });
    await expect(
      keyVaultSigner({ keyId: 'https://kv.vault.azure.net/secrets/x', credential, embedded: false }),
    ).rejects.toMatchObject({ code: 'SIGNING_KEY_UNUSABLE' });
  });

  it("reports the vault's status if it does not sign", async () => {
    const signer = await vaultSigner('refusing');
    vaults.refusing.fail(403);
    await expect(signer.sign(Buffer.from('x'))).rejects.toMatchObject({
      code: 'SIGNING_UNREACHABLE',
      details: { status: 403 },
    });
  });
});

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { computeFingerprint } from '../evidence/pack/dsse-envelope.ts';
import type { Signer } from '../evidence/pack/signer.ts';
import { ServiceError } from '../service-error.ts';

/**
 * A signer with an Ed25519 key in a PEM file (PKCS #8). Creates the key, readable only by its owner, if the file is absent.
 * @throws ServiceError `SIGNING_KEY_UNUSABLE` if the file is not such a key, or if others than its owner may read it.
 */
export async function localSigner(path: string): Promise<Signer> {
  const key = await readOrCreateKey(path);
  // The file is written once. A copy that keeps no times is younger than its key.
  const { mtime } = await stat(path);
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return {
    fingerprint: computeFingerprint(publicKey),
    publicKey,
    algorithm: 'ed25519',
    life: { madeAt: mtime, endsAt: null },
    sign: (bytes) => Promise.resolve(sign(null, bytes, key)),
  };
}

async function readOrCreateKey(path: string): Promise<KeyObject> {
  try {
    return await readKey(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
  await createKey(path);
  return await readKey(path);
}

async function readKey(path: string): Promise<KeyObject> {
  const found = await stat(path);
  if (!found.isFile()) throw unusable(path, 'it is not a regular file');
  const { mode } = found;
  if ((mode & 0o077) !== 0) throw unusable(path, 'others than its owner may read it');
  const pem = await readFile(path, 'utf8');
  const key = parseKey(path, pem);
  if (key.asymmetricKeyType !== 'ed25519') throw unusable(path, 'it is not an Ed25519 key');
  return key;
}

function parseKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause would contain what was read, and no error may contain a key's bytes.
    throw unusable(path, 'it is not a private key in PEM form');
  }
}

/** Written under a temporary name, then linked to its own: of two processes that start at once, one creates the key and both use it. */
async function createKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const { privateKey } = generateKeyPairSync('ed25519');
  const passing = `${path}.${randomUUID()}.new`;
  const file = await open(passing, 'wx', 0o600);
  try {
    await file.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(passing, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(passing, { force: true });
  }
}

function unusable(key: string, reason: string): ServiceError {
  return new ServiceError('SIGNING_KEY_UNUSABLE', { key, reason });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

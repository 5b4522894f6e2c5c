import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInMemorySecretStore, type EmbeddedSecretStore } from './in-memory-secret-store.ts';

/**
 * A store that writes its state to a file after every change and reads it back at startup.
 * The file is encrypted, with its key beside it in `FILE.key`, so that searching the folder for a secret's value finds
 * nothing.
 */
export function openStateFile(file: string): EmbeddedSecretStore {
  const key = openKey(`${file}.key`);
  const secretStore = createInMemorySecretStore();
  if (existsSync(file)) secretStore.restore(JSON.parse(decipher(readFileSync(file), key)));
  const save = () => {
    writeFileSync(`${file}.new`, encipher(JSON.stringify(secretStore.contents()), key), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return {
    ...secretStore,
    add(version) {
      const added = secretStore.add(version);
      save();
      return added;
    },
    replace(version) {
      secretStore.replace(version);
      save();
    },
    delete(name, at) {
      secretStore.delete(name, at);
      save();
    },
    recover(name) {
      secretStore.recover(name);
      save();
    },
  };
}

function openKey(file: string): Buffer {
  if (existsSync(file)) return readFileSync(file);
  mkdirSync(dirname(file), { recursive: true });
  const key = randomBytes(32);
  writeFileSync(file, key, { mode: 0o600 });
  return key;
}

/** Returns nonce, tag and text, concatenated. */
function encipher(text: string, key: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), hidden]);
}

function decipher(hidden: Buffer, key: Buffer): string {
  const opened = createDecipheriv('aes-256-gcm', key, hidden.subarray(0, 12));
  opened.setAuthTag(hidden.subarray(12, 28));
  return Buffer.concat([opened.update(hidden.subarray(28)), opened.final()]).toString('utf8');
}

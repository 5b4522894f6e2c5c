import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createSecretShelf, type SecretShelf } from './secret-shelf.ts';

/**
 * A shelf that is written to a file after every change and read back from it at the start.
 * The file is enciphered, its key beside it in `FILE.key`: a search for a secret's value in the folder finds nothing.
 */
export function openShelfFile(file: string): SecretShelf {
  const key = openKey(`${file}.key`);
  const shelf = createSecretShelf();
  if (existsSync(file)) shelf.restore(JSON.parse(decipher(readFileSync(file), key)));
  const save = () => {
    writeFileSync(`${file}.new`, encipher(JSON.stringify(shelf.contents()), key), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  return {
    ...shelf,
    add(version) {
      const added = shelf.add(version);
      save();
      return added;
    },
    replace(version) {
      shelf.replace(version);
      save();
    },
    delete(name, at) {
      shelf.delete(name, at);
      save();
    },
    recover(name) {
      shelf.recover(name);
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

/** Nonce, tag and text, one after the other. */
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

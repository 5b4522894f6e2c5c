import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { ServiceError } from '../../service-error.ts';

const head = '# Settings of keyturn cloud; they count while it runs. It replaces this file at its next start.';

/**
 * Settings as lines that a shell (`set -a; . FILE`), systemd (`EnvironmentFile=`) and `node --env-file` read alike. A
 * value with other signs than those of addresses and paths is in single quotes.
 */
export function environmentLines(settings: Readonly<Record<string, string>>): readonly string[] {
  return [head, ...Object.entries(settings).map(([name, value]) => `${name}=${quoted(value)}`)];
}

/** Writes the file for its owner alone; replaces only one that this function wrote. @throws ServiceError `USAGE_WRONG` */
export async function writeEnvironmentFile(file: string, settings: Readonly<Record<string, string>>): Promise<void> {
  await checkEnvironmentFile(file);
  const part = `${file}.${randomUUID()}`;
  await writeFile(part, `${environmentLines(settings).join('\n')}\n`, { mode: 0o600, flag: 'wx' });
  await rename(part, file);
}

/** Refuses a file that holds something else. Changes nothing. @throws ServiceError `USAGE_WRONG` */
export async function checkEnvironmentFile(file: string): Promise<void> {
  if (!existsSync(file) || (await readFile(file, 'utf8')).startsWith(`${head}\n`)) return;
  const reason = `${file} is there already and was not written by keyturn cloud`;
  throw new ServiceError('USAGE_WRONG', { command: 'cloud', reason });
}

function quoted(value: string): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  if (/['\n\r]/.test(value)) throw new Error('A setting holds a sign that an environment file cannot quote.');
  return `'${value}'`;
}

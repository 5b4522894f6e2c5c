import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeKeyturn } from '../../src/compose.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
let environment: Readonly<Record<string, string>>;
let records: string;
beforeAll(async () => {
  service = await embeddedSettings();
  // The sealing key lies in the records, as it does where no other is named.
  const { KEYTURN_SIGNING_KEY: _elsewhere, ...others } = service.environment;
  environment = others;
  records = environment['KEYTURN_DATA'] ?? '';
});
afterAll(async () => await service.stop());

/** The commands of a section of docs/backup.md, for this folder, this user and no systemd. */
function commandsOf(heading: string): string {
  const page = readFileSync('docs/backup.md', 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
  return blocks
    .join('')
    .replaceAll('/var/lib/keyturn', records)
    .replaceAll('--owner keyturn --group keyturn', '--owner "$(id -u)" --group "$(id -g)"')
    .replaceAll(/^keyturn .*\n/gm, '')
    .replaceAll(/^systemctl/gm, ': systemctl');
}

function run(commands: string): void {
  expect(commands).toContain('tar ');
  // Without --norc bash reads ~/.bashrc if its input is a socket, as Node's pipes are: it takes itself for a remote shell.
  const words = ['--norc', '-euc', commands];
  const { status, stderr } = spawnSync('bash', words, { cwd: service.directory, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
}

async function keyturn(...words: readonly string[]) {
  const { code, printed, said } = await callCommand(words, { environment, directory: service.directory });
  expect([words[0], code, said.filter((line) => /^[A-Z_]+:/.test(line))]).toEqual([words[0], 0, []]);
  return printed;
}

describe('docs/backup.md', () => {
  it('brings back every record: packs, their key, journals, and what was collected', async () => {
    const { keyturn: running } = await composeKeyturn(environment);
    await running.reconcileRotations();
    await running.collectRetrievals();
    await keyturn('report', '--period', thisMonth(), '--out', 'first');
    const [listed, checks] = [await keyturn('report', '--list', '--json'), await keyturn('doctor')];
    const key = checks.find((line) => line.includes('fingerprint'));
    expect([listed.join('').includes(thisMonth()), key]).toEqual([true, expect.stringContaining('sha256:')]);

    run(commandsOf('Back up'));
    await rm(records, { recursive: true });
    // What the page moves out of the way is there, as after a fault of the disk that left the folder.
    expect(spawnSync('mkdir', [records]).status).toBe(0);
    run(commandsOf('Restore'));

    expect(await keyturn('report', '--list', '--json')).toEqual(listed);
    expect((await keyturn('doctor')).find((line) => line.includes('fingerprint'))).toBe(key);
    await keyturn('report', '--period', thisMonth(), '--out', 'second');
    await keyturn('verify', join(service.directory, 'first'), join(service.directory, 'second'));
  });
});

function thisMonth(): string {
  return new Date().toISOString().slice(0, 7);
}

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReceiptLine } from '../../src/provenance/receipt-line.ts';
import { skipUnless } from '../skip-unless.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from './fetch-world.ts';

/** Runner images have their own Node; the bundle supports these releases. */
const promised = ['20', '22', '24'];

const nodes = new Map<string, string>();
const folders = ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)];
for (const path of [process.execPath, ...folders.map((folder) => join(folder, 'node'))]) {
  if (!existsSync(path)) continue;
  const release = /^v(\d+)\./.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
  if (release !== undefined && !nodes.has(release)) nodes.set(release, realpathSync(path));
}

let world: FetchWorld;
beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
});
afterAll(() => world.stop());

describe.each(promised)('the bundle on Node %s', (release) => {
  const unlessAbsent = skipUnless(nodes.has(release), `Node ${release} is not on this machine`);

  it('runs a command with a secret at each kind of destination, redacted and with receipts', unlessAbsent, async () => {
    const node = nodes.get(release) ?? '';
    const job = world.startJob();
    const script = 'test "$P" = "$(cat "$F")" && test "$P" = "$(cat /dev/fd/3)" && echo "it is $P" && exit 7';
    const places = ['--secret', 'P=password', '--file', 'F=password', '--fd', '3=password'];
    const helper = join(world.directory, 'keyturn-fetch.cjs');
    const code = await job.execute([node, helper, 'exec', ...places, '--', 'sh', '-c', script], {
      KEYTURN_FETCH_CONFIGURATION: world.configure(),
    });
    expect([code, rowsOf(world, job).filter((row) => row === 'it is ***')]).toEqual([7, ['it is ***']]);
    expect(rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? [])).toHaveLength(1);
    const check = [node, helper, 'check', join(process.cwd(), 'examples/workflows/keyturn.yml')];
    expect(await job.execute(check)).toBe(0);
  });

  it('uses https there', unlessAbsent, async () => {
    const { cloud, directory } = world;
    const application = cloud.entra.define({ name: `deployer-${release}`, address: '203.0.113.20' });
    cloud.vault.grant(application, ['get']);
    const [authorityFile, secretFile] = ['authority.pem', 'secret'].map((name) =>
      join(directory, `${release}-${name}`),
    );
    writeFileSync(authorityFile ?? '', cloud.entra.certificate);
    writeFileSync(secretFile ?? '', cloud.entra.addSecret(application));
    const { tenantId, url: authority } = cloud.entra;
    const { clientId } = application;
    const identity = { kind: 'service-principal', tenantId, clientId, authority, secretFile };
    const job = world.startJob();
    const words = [join(directory, 'keyturn-fetch.cjs'), 'exec', '--secret', 'P=password', '--', 'true'];
    const environment = { KEYTURN_FETCH_CONFIGURATION: world.configure({ identity, authorityFile }) };
    expect(await job.execute([nodes.get(release) ?? '', ...words], environment)).toBe(0);
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordInventory } from '../../src/audit/collection/inventory-ledger.ts';
import type { Finding } from '../../src/audit/model/finding.ts';
import type { FindingLife } from '../../src/audit/model/finding-life.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { type Called, callCommand } from './call-command.ts';

let folder: string;
let environment: Record<string, string>;
const now = new Date('2026-03-20T06:00:00Z');

/** What was collected: one inventory, with one secret that never expires. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-findings-'));
  environment = {
    KEYTURN_EMBEDDED: 'on',
    KEYTURN_VAULTS: 'http://localhost:9',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_IDENTITY_ENDPOINT: 'http://127.0.0.1:9',
    KEYTURN_DATA: join(folder, 'data'),
  };
  const { records } = await composeKeyturn(environment);
  const secret = { vault: 'localhost', secret: 'token', version: 'v1', enabled: true, environment: null, issuer: null };
  const entry = { ...secret, created: '2026-03-01T00:00:00.000Z', expires: null, validityDays: null };
  await recordInventory(records, [entry], new Date('2026-03-10T23:00:00Z'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const call = async (...words: string[]): Promise<Called> =>
  await callCommand(['findings', ...words], { environment, directory: folder, now: () => now });

async function listed(): Promise<Finding & { readonly life: FindingLife }> {
  const { printed } = await call('--json');
  const found = printed.map((line) => JSON.parse(line) as Finding & { readonly life: FindingLife });
  const one = found.find(({ rule }) => rule === 'secret-without-expiry');
  if (one === undefined) throw new Error(`The list has no such finding: ${printed.join()}`);
  return one;
}

describe('keyturn findings', () => {
  it('lists the findings of the last 90 days with their state', async () => {
    const { code, printed } = await call();
    expect([code, printed]).toEqual([
      0,
      expect.arrayContaining([expect.stringMatching(/^[0-9a-f]{16} {2}medium +open +/)]),
    ]);
  });

  it('accepts a finding until a day, answers it, takes the acceptance back; all of it stands in the next pack', async () => {
    const { id } = await listed();
    const accepted = await call('accept', id, '--reason', 'the vendor has no API', '--until', '2026-06-30');
    expect([accepted.code, accepted.printed[0]]).toEqual([
      0,
      expect.stringContaining('until 2026-07-01T00:00:00.000Z'),
    ]);
    expect((await listed()).life).toMatchObject({
      state: 'accepted',
      steps: [{ by: { kind: 'unnamed', door: 'command-line' }, text: 'the vendor has no API' }],
    });
    await call(
      'respond',
      id,
      '--reason',
      'we ask the vendor',
      '--owner',
      'platform team',
      '--ticket',
      'OPS-7',
      '--json',
    );
    await call('withdraw', id, '--reason', 'the vendor has one now');
    expect((await listed()).life).toMatchObject({ state: 'open', owner: 'platform team', ticket: 'OPS-7' });

    await callCommand(['report', '--period', '2026-03', '--out', 'pack'], {
      environment,
      directory: folder,
      now: () => now,
    });
    const pack = async (name: string) => await readFile(join(folder, 'pack', name), 'utf8');
    const kinds = (await pack('finding-steps.ndjson'))
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds).toEqual(['accepted', 'responded', 'withdrawn']);
    expect(await pack('findings.ndjson')).toContain('"response":"we ask the vendor"');
    expect(await pack('report.html')).toContain('owner: platform team; ticket: OPS-7; response: we ask the vendor');
  });

  it.each([
    [['accept', 'ffffffffffffffff', '--reason', 'x', '--until', '2026-06-30'], 'has no finding ffffffffffffffff'],
    [['accept', 'ffffffffffffffff', '--reason', 'x'], 'no finding'],
    [['list', 'ffffffffffffffff'], 'list takes no id'],
  ])('refuses %j', async (words, why) => {
    const { code, said } = await call(...words);
    expect([code, said.join(' ')]).toEqual([2, expect.stringContaining(why)]);
  });

  it('refuses an acceptance without an end, with an end that is over, or with a day that is none', async () => {
    const { id } = await listed();
    for (const until of [[], ['--until', '2026-03-01'], ['--until', '2026-02-31']]) {
      const { code, said } = await call('accept', id, '--reason', 'x', ...until);
      expect([code, said.join(' ')]).toEqual([2, expect.stringContaining('--until')]);
    }
    expect((await listed()).life.steps).toEqual([]);
  });
});

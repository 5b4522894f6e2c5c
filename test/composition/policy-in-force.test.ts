import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { policiesOn } from '../../src/audit/collection/policy-ledger.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { callCommand } from '../commands/call-command.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';

let service: EmbeddedSettings;
let directory: string;
let file: string;
let lines: string[];
beforeAll(async () => {
  service = await embeddedSettings();
});
afterAll(async () => await service.stop());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-in-force-'));
  file = join(directory, 'keyturn.policy.yml');
  lines = [];
});
afterEach(async () => await rm(directory, { recursive: true }));

const binding = (validity: string) =>
  `format: 1\nsecrets:\n  ${liveSecret}: { issuer: generated, validity: ${validity}, grace: 1h, mode: 'off' }\n`;

async function start(
  policy: string,
  more: Readonly<Record<string, string>> = {},
  seen: (line: string) => void = () => undefined,
) {
  await writeFile(file, policy);
  const settings = { KEYTURN_POLICY: file, KEYTURN_DATA: join(directory, 'records'), KEYTURN_LOG_FORMAT: 'json' };
  return await composeKeyturn(
    { ...service.environment, ...settings, ...more },
    { logTo: { write: (line) => (lines.push(line), seen(line)), isTerminal: false } },
  );
}

async function readiness(keyturn: Awaited<ReturnType<typeof start>>['keyturn']): Promise<number> {
  const answer = await keyturn.handleRequest(new Request('http://127.0.0.1/readyz'), { loopback: true });
  return answer.status;
}

describe('a policy file that changes under a running process', () => {
  it('is in force from the next pass on, in the log and on record, for everything that goes by it', async () => {
    const { keyturn, policy, rotation, records } = await start('format: 1\n');
    await keyturn.reconcileRotations();
    expect(policy().secrets.size).toBe(0);
    await writeFile(file, binding('90d'));
    await keyturn.reconcileRotations();
    expect(policy().secrets.size).toBe(1);
    expect(rotation.policy).toBe(policy());
    const kept = await policiesOn(records);
    expect(kept.map(({ text }) => text)).toEqual(['format: 1\n', binding('90d')]);
    const digest = kept.at(-1)?.sha256.slice(0, 12) ?? '';
    expect(lines.filter((line) => line.includes('is in force'))).toEqual([
      expect.stringContaining(`The policy of digest ${digest} is in force: 1 secrets are bound.`),
    ]);
  });

  it('again, while it is being taken up, is in force too for whoever asked after that', async () => {
    let asked: Promise<void> = Promise.resolve();
    const { keyturn, policy } = await start('format: 1\n', {}, (line) => {
      if (!line.includes('is in force')) return;
      writeFileSync(file, binding('60d'));
      asked = keyturn.takeUpPolicy();
    });
    await writeFile(file, binding('90d'));
    await keyturn.takeUpPolicy();
    await asked;
    expect([...policy().secrets.values()].map(({ validityMs }) => validityMs)).toEqual([60 * 86_400_000]);
  });

  it('with mistakes changes nothing: the old one stays, the fault is told once, and the process stays ready', async () => {
    const { keyturn, policy, records } = await start(binding('90d'));
    await keyturn.reconcileRotations();
    await writeFile(file, binding('90 days'));
    for (let pass = 0; pass < 3; pass += 1) await keyturn.reconcileRotations();
    expect([...policy().secrets.values()].map(({ validityMs }) => validityMs)).toEqual([90 * 86_400_000]);
    expect(await readiness(keyturn)).toBe(200);
    const told = lines.filter((line) => line.includes('has mistakes'));
    expect(told).toEqual([expect.stringContaining('3:')]);
    expect(told[0]).toContain('stays in force');
    expect(await policiesOn(records)).toHaveLength(1);
    await writeFile(file, binding('60d'));
    await keyturn.reconcileRotations();
    expect([...policy().secrets.values()].map(({ validityMs }) => validityMs)).toEqual([60 * 86_400_000]);
  });

  it('that is not there any more leaves the old one in force', async () => {
    const { keyturn, policy } = await start(binding('90d'));
    await rm(file);
    await keyturn.reconcileRotations();
    expect(policy().secrets.size).toBe(1);
    expect(lines.some((line) => line.includes('is missing'))).toBe(true);
  });

  it('with a target that its issuer refuses is not taken up', async () => {
    const { keyturn, policy } = await start(binding('90d'));
    await writeFile(file, binding('90d').replace('issuer: generated', 'issuer: generated, target: { lenght: 40 }'));
    await keyturn.takeUpPolicy();
    expect([...policy().secrets.values()][0]?.target).toEqual({});
    expect(lines.some((line) => line.includes('is not a field of this target'))).toBe(true);
  });

  it('is taken up by a process that only gives values to jobs, too', async () => {
    const { keyturn, policy } = await start('format: 1\n', { KEYTURN_ROLE: 'broker' });
    await writeFile(file, binding('90d'));
    await keyturn.reconcileRotations();
    expect(policy().secrets.size).toBe(1);
  });

  it('tells people of a file with mistakes, once', async () => {
    const webhook = {
      KEYTURN_NOTIFY_WEBHOOK_URL: 'http://127.0.0.1:9/hook',
      KEYTURN_NOTIFY_WEBHOOK_SECRET: `whsec_${'A'.repeat(40)}`,
    };
    const { keyturn, records } = await start(binding('90d'), webhook);
    await writeFile(file, 'format: 2\n');
    for (let pass = 0; pass < 3; pass += 1) await keyturn.takeUpPolicy();
    let kept = '';
    for await (const path of records.list('notifications/')) {
      kept += Buffer.from((await records.read(path))?.bytes ?? []).toString();
    }
    expect(kept.match(/"policy\.refused"/g)).toHaveLength(1);
  });
});

describe('a service that starts with mistakes in its policy', () => {
  it('does not start, and names each with its line and column', async () => {
    await writeFile(file, binding('90d').replace('generated', 'postgres'));
    const environment = { ...service.environment, KEYTURN_POLICY: file, KEYTURN_DATA: join(directory, 'records') };
    const { code, said } = await callCommand(['serve'], { environment });
    expect(code).toBe(2);
    expect(said.join('\n')).toMatch(/3:\d+ secrets\.\S+\.issuer is not a known issuer/);
  });
});

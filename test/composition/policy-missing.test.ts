import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { policiesOn } from '../../src/audit/collection/policy-ledger.ts';
import { composeKeyturn } from '../../src/compose.ts';
import type { LogLevel } from '../../src/log/logger.ts';
import { callCommand } from '../commands/call-command.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';

let service: EmbeddedSettings;
beforeAll(async () => {
  service = await embeddedSettings();
});
afterAll(async () => await service.stop());

function environmentOf(folder: string): Readonly<Record<string, string>> {
  return { ...service.environment, KEYTURN_DATA: join(service.directory, folder) };
}

function withoutPolicy(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return { ...environment, KEYTURN_POLICY: '' };
}

const probe = (path: string) => new Request(`http://127.0.0.1:7071${path}`);

describe('a service that rotated, and whose deployment lost the setting of its policy', () => {
  it('is not ready, and its pass, its events and its collection fail with POLICY_MISSING', async () => {
    const environment = environmentOf('lost');
    await callCommand(['rotate', liveSecret, '--reason', 'a test'], { environment });

    const lines: [LogLevel, string][] = [];
    const logTo = { write: (line: string, level: LogLevel) => void lines.push([level, line]), isTerminal: false };
    const { keyturn, records } = await composeKeyturn(withoutPolicy(environment), { logTo });
    const before = await policiesOn(records);
    expect((await keyturn.handleRequest(probe('/readyz'), { loopback: true })).status).toBe(503);
    await expect(keyturn.reconcileRotations()).rejects.toMatchObject({ code: 'POLICY_MISSING' });
    await expect(keyturn.handleVaultEvent({})).rejects.toMatchObject({ code: 'POLICY_MISSING' });
    await expect(keyturn.collectRetrievals()).rejects.toMatchObject({ code: 'POLICY_MISSING' });
    expect(lines.some(([level, line]) => level === 'error' && line.includes('POLICY_MISSING'))).toBe(true);
    expect(await policiesOn(records)).toEqual(before);
    const { printed } = await callCommand(['doctor'], { environment: withoutPolicy(environment) });
    expect(printed.join('\n')).toContain('No policy is configured, but there was one');
  });

  it('is noticed by the journals alone, where no policy is on record', async () => {
    const { records } = await composeKeyturn(withoutPolicy(environmentOf('journals')));
    await records.create('journal/some-target/00000001.json', new TextEncoder().encode('{}\n'));
    const { keyturn } = await composeKeyturn(withoutPolicy(environmentOf('journals')));
    await expect(keyturn.reconcileRotations()).rejects.toMatchObject({
      code: 'POLICY_MISSING',
      details: { because: 'there is a journal of the target some-target' },
    });
  });
});

describe('a service that never had a policy', () => {
  it('observes, and is ready', async () => {
    const { keyturn } = await composeKeyturn(withoutPolicy(environmentOf('fresh')));
    await keyturn.reconcileRotations();
    expect((await keyturn.handleRequest(probe('/readyz'), { loopback: true })).status).toBe(200);
  });
});

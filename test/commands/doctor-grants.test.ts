import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { letLook } from '../azure/posture/embedded-posture-source.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
beforeAll(async () => {
  service = await embeddedSettings();
});
afterAll(async () => await service.stop());

interface Line {
  readonly what: string;
  readonly verdict: string;
  readonly says: string;
}

async function doctor(): Promise<Readonly<Record<string, Line>>> {
  const { resourceManager, graph } = service.cloud;
  const endpoints = { KEYTURN_RESOURCE_MANAGER_ENDPOINT: resourceManager.url, KEYTURN_GRAPH_ENDPOINT: graph.url };
  const { printed } = await callCommand(['doctor', '--json'], {
    environment: { ...service.environment, ...endpoints },
  });
  const { checks } = JSON.parse(printed[0] ?? '') as { checks: Line[] };
  return Object.fromEntries(checks.map((line) => [line.what, line]));
}

describe('keyturn doctor, by the role assignments', () => {
  it('warns where it may not see them', async () => {
    const { 'staged values': staged, 'setting secrets': setting } = await doctor();
    expect([staged?.verdict, setting?.verdict]).toEqual(['warn', 'warn']);
    expect(setting?.says).toContain('could not see the role assignments');
  });

  it('compares them: it passes a rotator that may set, and fails runners that may read staged values', async () => {
    const { cloud, world } = service;
    letLook(cloud, world.keyturn);
    const { 'staged values': staged, 'setting secrets': setting } = await doctor();
    expect(setting?.verdict).toBe('pass');
    expect(staged?.verdict).toBe('fail');
    for (const { objectId } of world.runners.values()) expect(staged?.says).toContain(objectId);
    expect(staged?.says).not.toContain(world.keyturn.objectId);
  });

  it('warns of a reader whom the policy does not list, and passes when there is none', async () => {
    const { cloud, world } = service;
    for (const principal of world.runners.values()) cloud.vault.revokeGrants(principal);
    expect((await doctor())['staged values']).toMatchObject({ verdict: 'warn' });
    cloud.vault.revokeGrants(world.person);
    expect((await doctor())['staged values']).toMatchObject({ verdict: 'pass' });
  });

  it('fails where a rotator may read and not set', async () => {
    const { cloud, world } = service;
    cloud.vault.revokeGrants(world.keyturn);
    cloud.vault.grant(world.keyturn, ['get', 'list']);
    expect((await doctor())['setting secrets']).toMatchObject({ verdict: 'fail' });
  });
});

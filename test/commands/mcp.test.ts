import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { agentTools } from '../../src/commands/mcp/agent-tools.ts';
import { composeKeyturn } from '../../src/compose.ts';
import { embeddedSettings, type EmbeddedSettings } from '../functions/embedded-settings.ts';
import { fuzzTools, holdsValue } from '../mcp/fuzzed-calls.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
let secret: string;
beforeAll(async () => {
  service = await embeddedSettings();
  const { cloud } = service;
  cloud.auditLog.setDelay(0);
  secret = `${cloud.vault.name}/${liveSecret}`;
  const { rotation, keyturn } = await composeKeyturn(service.environment, { now: () => cloud.clock.now() });
  const version = cloud.vault.versions(liveSecret)[0]?.version ?? '';
  await rotation.stores.get(cloud.vault.name)?.value(liveSecret, version, () => Promise.resolve());
  await keyturn.collectRetrievals();
});
afterAll(async () => await service.stop());

/** Every file of the records, with its bytes. */
function records(): ReadonlyMap<string, string> {
  const folder = service.environment['KEYTURN_DATA'] ?? '';
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return [path, readFileSync(path, 'latin1')];
    }),
  );
}

async function withClient<Result>(act: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const { PATH = '' } = process.env;
  const env = { PATH, ...service.environment };
  await client.connect(new StdioClientTransport({ command: process.execPath, args: ['src/cli.ts', 'mcp'], env }));
  try {
    return await act(client);
  } finally {
    await client.close();
  }
}

async function answerOf(client: Client, name: string, input: Record<string, unknown>) {
  const { content, isError } = await client.callTool({ name, arguments: input });
  const [first] = content as readonly { readonly text: string }[];
  return { isError, text: first?.text ?? '', json: (): unknown => JSON.parse(first?.text ?? '') };
}

describe('keyturn mcp', () => {
  it('tells a client what it has: tools that read and plan, and none that acts', async () => {
    const { tools } = await withClient(async (client) => await client.listTools());
    expect(tools.map(({ name }) => name)).toEqual(['explain_read', 'plan_rotation', 'who_read']);
    for (const { annotations, inputSchema } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false });
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });

  it('explains a read, plans a rotation, shows who read, and answers a mistake with a sentence', async () => {
    await withClient(async (client) => {
      const explained = await answerOf(client, 'explain_read', { secret, repository: 'acme/payments', branch: 'main' });
      const said = await callCommand(['explain', secret, 'acme/payments', '--branch', 'main', '--json'], {
        environment: service.environment,
      });
      expect(explained.json()).toEqual(JSON.parse(said.printed[0] ?? ''));
      const planned = await answerOf(client, 'plan_rotation', { secret });
      expect(planned.json()).toMatchObject({ complete: true, isRefused: false });
      expect(planned.text).toContain('would take the steps');
      const who = await answerOf(client, 'who_read', { secret, days: 2 });
      expect(who.json()).toMatchObject({
        count: 1,
        reads: [{ secret, identity: service.world.keyturn.objectId, job: null }],
      });
      const unknown = await answerOf(client, 'plan_rotation', { secret: 'no-such-secret' });
      expect([unknown.isError, unknown.text]).toEqual([true, expect.stringContaining('SECRET_NOT_BOUND: ')]);
      const day = await answerOf(client, 'who_read', { secret, from: '2026-02-31', to: '2026-03-01' });
      expect([day.isError, day.text]).toEqual([true, expect.stringContaining('there is no such day')]);
    });
    expect(service.cloud.vault.versions(liveSecret)).toHaveLength(1);
  });

  it('is wrong use where there is no input', async () => {
    const { code, said } = await callCommand(['mcp'], { environment: service.environment });
    expect([code, said[0]]).toEqual([2, 'keyturn mcp: there is no input to serve.']);
  });

  it('returns no value and changes no record in 8,000 fuzzed calls', async () => {
    const composed = await composeKeyturn(service.environment, { now: () => service.cloud.clock.now() });
    const ports = {
      environment: service.environment,
      directory: process.cwd(),
      now: () => service.cloud.clock.now(),
    };
    const tools = agentTools(ports, async () => await Promise.resolve(composed));
    const before = records();
    const values = service.cloud.vault.everyValue().filter((value) => value.trim().length >= 8);
    expect(values.length).toBeGreaterThan(3);
    const likely = {
      secret: [secret, liveSecret, 'legacy-smtp-password-dev'],
      repository: ['acme/payments', 'acme/shop'],
      branch: ['main'],
      days: [1, 90],
      from: ['2026-01-01'],
      to: ['2026-01-02'],
    };
    const answerable = {
      explain_read: [{ secret, repository: 'acme/payments', branch: 'main' }],
      plan_rotation: [{ secret }],
      who_read: [
        { secret, days: 2 },
        { secret, from: '2026-01-01', to: '2026-01-02' },
      ],
    };
    const fuzzed = await fuzzTools(tools, { calls: 8_000, values, likely, answerable });
    const { seed, answered, unexpected, heldValue } = fuzzed;
    expect({ seed, unexpected, heldValue }).toEqual({ seed, unexpected: [], heldValue: false });
    for (const [name, count] of answered) expect([name, count > 0]).toEqual([name, true]);
    expect(records()).toEqual(before);
    // The search finds what it is there to find.
    expect(await holdsValue(`${fuzzed.text} ${Buffer.from(values[0] ?? '').toString('base64')}`, values)).toBe(true);
  });
});

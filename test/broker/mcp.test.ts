import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { readGrantHistories } from '../../src/grants/history/grant-history.ts';
import { httpExchange } from '../../src/runner/http-exchange.ts';
import { machineRuntime, type Runtime } from '../../src/runner/runtime.ts';
import { startSession } from '../../src/runner/session.ts';
import { agentTools } from '../../src/runner/use/agent-tools.ts';
import { fuzzTools, holdsValue } from '../mcp/fuzzed-calls.ts';
import { buildHelper } from '../runner/fetch-world.ts';
import { listeningBroker } from './listening-broker.ts';
import { startUseWorld, type UseWorld } from './use-world.ts';

const value = 'kt-mcp-4c1f-never-seen-by-an-agent';
let world: UseWorld;
let directory: string;
let helper: string;
let url: string;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mcp-of-helper-'));
  world = await startUseWorld({ value, mostUses: 100_000, people: ['ada', 'cem'] });
  const broker = await listeningBroker(world);
  ({ url } = broker);
  stops.push(
    async () => await broker.stop(),
    async () => await world.stop(),
  );
  helper = await buildHelper(directory);
  // A service that shows what it was sent, as the worst one does.
  world.service.answer((arrived, response) => {
    response.setHeader('x-shown', arrived.headers.authorization ?? 'none');
    response.end(
      JSON.stringify({ path: arrived.path, headers: arrived.headers, body: arrived.body.toString('base64') }),
    );
  });
});
afterAll(async () => {
  for (const stop of stops) await stop();
  rmSync(directory, { recursive: true, force: true });
});

function configure(identity: { readonly kind: string }): string {
  const path = join(directory, `fetch-${JSON.stringify(identity).replace(/\W/g, '')}.json`);
  const { name, url: vaultUrl } = world.cloud.vault;
  const vaults = [identity.kind === 'broker' ? { name } : { name, url: vaultUrl }];
  writeFileSync(path, JSON.stringify({ format: 1, service: url, gitea: world.cloud.gitea.url, vaults, identity }));
  return path;
}

const cooperative = { kind: 'broker', jail: 'cooperative' };
const startJob = () => world.startJob({ actor: 'ada', author: 'cem' });
const environmentOf = (job: RunningJob): Record<string, string> => ({
  ...job.environment,
  KEYTURN_FETCH_CONFIGURATION: configure(cooperative),
});

async function withClient(job: RunningJob, act: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  const env = environmentOf(job);
  const command = process.execPath;
  await client.connect(new StdioClientTransport({ command, args: [helper, 'mcp'], env, stderr: 'ignore' }));
  try {
    await act(client);
  } finally {
    await client.close();
  }
}

async function answerOf(client: Client, name: string, input: Record<string, unknown>) {
  const { content, isError } = await client.callTool({ name, arguments: input });
  const [first] = content as readonly { readonly text: string }[];
  if (isError === true) throw new Error(first?.text);
  return JSON.parse(first?.text ?? '') as Readonly<Record<string, unknown>>;
}

describe('keyturn-fetch mcp', () => {
  it('lets an agent ask for a secret and use it, and shows it no value', async () => {
    await withClient(startJob(), async (client) => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(['request_access', 'make_request']);
      const given = await answerOf(client, 'request_access', { secret: 'db-password' });
      expect(given).toMatchObject({ status: 'usable', secret: `${world.cloud.vault.name}/db-password` });
      const authorization = `Bearer ${String(given['placeholder'])}`;
      const used = await answerOf(client, 'make_request', {
        method: 'POST',
        url: `${world.service.url}/v1/items`,
        headers: { authorization },
        body: 'one item',
      });
      expect(used).toMatchObject({ outcome: 'answered', status: 200, isWhole: true });
      expect(used['headers']).toContainEqual(['x-shown', 'Bearer ***']);
      expect(JSON.stringify(used)).not.toContain(value);
      const { headers, body } = world.service.arrived.at(-1) ?? {};
      expect([headers?.authorization, body?.toString()]).toEqual([`Bearer ${value}`, 'one item']);
    });
  });

  it('puts a request before a person where one must approve, and says what is refused and why', async () => {
    await withClient(startJob(), async (client) => {
      const waiting = await answerOf(client, 'request_access', { secret: 'payments' });
      expect(waiting).toMatchObject({
        status: 'waits-for-approval',
        request: expect.stringMatching(/^[0-9a-f]/) as string,
      });
      const refused = await answerOf(client, 'request_access', { secret: 'deploy-key' });
      expect(refused).toMatchObject({ status: 'refused', because: [expect.stringContaining('namespace') as string] });
      const elsewhere = await answerOf(client, 'make_request', { url: 'https://elsewhere.example/' });
      expect(elsewhere).toMatchObject({ outcome: 'refused', because: [expect.stringContaining('host') as string] });
    });
  });

  it.each([
    ['a runner that requires a jail', { kind: 'broker' }],
    [
      'a runner without a broker',
      { kind: 'managed-identity', clientId: '11111111-2222-3333-4444-555555555555', endpoint: 'http://127.0.0.1:9' },
    ],
  ])('does not start on %s', async (_what, identity) => {
    const job = startJob();
    const environment = { KEYTURN_FETCH_CONFIGURATION: configure(identity) };
    const code = await job.execute([process.execPath, helper, 'mcp'], environment);
    expect(code).toBe(2);
    expect(world.cloud.gitea.logOf(job.job.jobId)).toContain('COMMAND_LINE_WRONG');
  });

  it('returns no value and approves nothing in 2,000 fuzzed calls', async () => {
    const environment = environmentOf(startJob());
    const runtime: Runtime = {
      ...machineRuntime(),
      environment,
      now: () => world.cloud.clock.now(),
      say: () => undefined,
    };
    const { configuration, job } = startSession(runtime, 0);
    const { identity: broker } = configuration;
    if (broker.kind !== 'broker') throw new Error('no broker');
    const ports = { configuration, broker, job, exchange: httpExchange, runtime, authority: undefined, patienceMs: 0 };
    const tools = agentTools(ports);
    const [access] = tools;
    const noInput = { text: () => 'db-password', number: () => undefined, truth: () => undefined, pairs: () => [] };
    const given = (await access?.run(noInput, new AbortController().signal)) as { readonly placeholder: string };
    const { placeholder } = given;
    const basic = Buffer.from(`user:${placeholder}`).toString('base64');
    const { url: service } = world.service;
    const fuzzed = await fuzzTools(tools, {
      calls: 2_000,
      values: [value],
      answerable: {
        request_access: [{ secret: 'db-password' }, { secret: 'payments' }],
        make_request: [
          { url: `${service}/v1/items`, headers: { authorization: `Bearer ${placeholder}` } },
          { url: `${service}/git/a`, headers: { authorization: `Basic ${basic}` } },
          { url: `${service}/query?key=${placeholder}` },
          { url: `${service}/form`, method: 'POST', body: `password=${placeholder}` },
        ],
      },
      likely: {
        secret: ['db-password', 'payments', 'deploy-key', `${world.cloud.vault.name}/db-password`],
        url: [`${service}/v1/items`, `${service}/git/a`, `${service}/query?key=${placeholder}`, `${service}/form`],
        method: ['GET', 'POST'],
        headers: [{ authorization: `Bearer ${placeholder}` }, { authorization: `Basic ${basic}` }, {}],
        body: [`password=${placeholder}`, ''],
      },
    });
    const { seed, answered, unexpected, heldValue, text } = fuzzed;
    expect({ seed, unexpected, heldValue }).toEqual({ seed, unexpected: [], heldValue: false });
    for (const [name, count] of answered) expect([name, count > 0]).toEqual([name, true]);
    // The service was sent the value, and showed it: by the calls that were made first.
    const sent = world.service.arrived.filter(({ headers }) => headers.authorization?.includes(value));
    expect(sent.length).toBeGreaterThan(0);
    expect(await holdsValue(`${text} ${Buffer.from(value).toString('hex')}`, [value])).toBe(true);
    const histories = await readGrantHistories(world.records, { now: world.cloud.clock.now() });
    expect(histories.length).toBeGreaterThan(0);
    expect(histories.filter(({ answer, uses }) => answer !== null || uses.length > 0)).toEqual([]);
  });
});

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { composeKeyturn } from '../../src/compose.ts';
import type { Keyturn } from '../../src/keyturn.ts';
import { makeJobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';
import { undescribed } from '../web/described-answers.ts';
import { callCommand } from './call-command.ts';

let service: EmbeddedSettings;
let directory: string;
let environment: Record<string, string>;
let keyturn: Keyturn;
beforeAll(async () => {
  service = await embeddedSettings();
  directory = await mkdtemp(join(tmpdir(), 'keyturn-approve-'));
  const policy = join(directory, 'keyturn.policy.yml');
  await writeFile(
    policy,
    `format: 1
secrets:
  ${liveSecret}: { issuer: generated, validity: 90d, namespaces: [payments], access: { approval: required } }
namespaces:
  payments: { repositories: [acme/payments] }
`,
  );
  environment = { ...service.environment, KEYTURN_POLICY: policy };
  ({ keyturn } = await composeKeyturn(environment));
});
afterAll(async () => {
  await service.stop();
  await rm(directory, { recursive: true });
});

const key = makeJobKey();

/** Asks the broker as the helper of a job does. */
async function ask(path: string, content: object, token?: string) {
  const url = `http://localhost:7071${path}`;
  const body = JSON.stringify(content);
  const dpop = proveRequest(key, { method: 'POST', url, body, at: new Date(), id: randomUUID() });
  const headers = { host: 'localhost:7071', dpop, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const answer = await keyturn.handleRequest(new Request(url, { method: 'POST', headers, body }), { loopback: true });
  expect(await undescribed('POST', path, answer)).toBeNull();
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

describe('keyturn approve, of a job that waits for a secret', () => {
  it('is refused to an unnamed operator, gives the value by the recorded exception, and is one use', async () => {
    const job = service.cloud.gitea.startJob({
      repository: 'acme/payments',
      name: 'settle',
      runner: 'runner-payments',
    });
    const opened = await ask(
      '/broker/sessions',
      { repository: 'acme/payments' },
      job.environment['ACTIONS_RUNTIME_TOKEN'],
    );
    expect(opened.status).toBe(200);
    const { session } = opened.body;
    const read = { session, vault: service.cloud.vault.name, name: liveSecret, version: null };
    const waiting = await ask('/broker/reads', read);
    expect([waiting.status, waiting.body]).toMatchObject([403, { error: { because: [{ code: 'approval-needed' }] } }]);
    const { request } = waiting.body['error'] as { request: string };

    const call = async (...words: string[]) => await callCommand(['approve', request, ...words], { environment });
    const refused = await call('--reason', 'release 1.4', '--json');
    expect([refused.code, refused.said.join('\n')]).toEqual([1, expect.stringContaining('ACCESS_ANSWER_REFUSED')]);
    expect((await ask('/broker/reads', { ...read, look: true })).status).toBe(403);

    const approved = await call('--reason', 'INC-42, nobody else can be reached', '--break-glass', '--json');
    expect([approved.code, JSON.parse(approved.printed.join(''))]).toEqual([
      0,
      { approved: request, breakGlass: true },
    ]);
    expect(await ask('/broker/reads', { ...read, look: true })).toEqual({
      status: 200,
      body: { standing: 'approved' },
    });
    const given = await ask('/broker/reads', read);
    expect([given.status, given.body]).toMatchObject([200, { value: expect.any(String) as string }]);
    expect(service.cloud.vault.everyValue()).toContain(given.body['value']);
    // The approval is spent: the job asks anew, and waits again.
    expect((await ask('/broker/reads', read)).body).toMatchObject({
      error: { because: [{ code: 'approval-needed' }] },
    });
  });
});

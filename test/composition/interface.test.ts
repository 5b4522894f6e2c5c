import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { composeKeyturn } from '../../src/compose.ts';
import type { Composition } from '../../src/composition/composition.ts';
import { reportPeriod } from '../../src/composition/report-period.ts';
import { dayMs } from '../../src/secrets/duration.ts';
import { recordedTokens } from '../../src/web/tokens/token-book.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';
import { personCalled } from '../provenance/people.ts';
import { openApi, undescribed } from '../web/described-answers.ts';

let service: EmbeddedSettings;
let directory: string;
let composition: Composition;
let authorization: string;

beforeAll(async () => {
  service = await embeddedSettings();
  directory = await mkdtemp(join(tmpdir(), 'keyturn-interface-'));
  const policy = join(directory, 'keyturn.policy.yml');
  const binding = '{ issuer: generated, validity: 90d, grace: 1h, first: automatic, approval: [publish] }';
  await writeFile(policy, `format: 1\nsecrets:\n  ${liveSecret}: ${binding}\n  long-gone: { validity: 180d }\n`);
  composition = await composeKeyturn({ ...service.environment, KEYTURN_POLICY: policy });
  const { keyturn, records, logger, now } = composition;
  await keyturn.collectJobs();
  await keyturn.collectRetrievals();
  await keyturn.reconcileRotations();
  const [from, to] = [new Date(now().getTime() - dayMs), now()];
  await reportPeriod(composition, { period: { from, to }, frameworks: ['soc2'] });
  const { text } = await recordedTokens({ records, logger, now }).create({
    name: 'all',
    scopes: ['read', 'report', 'rotate', 'metrics'],
    lifetimeMs: dayMs,
    by: personCalled('ann'),
  });
  authorization = `Bearer ${text.reveal()}`;
});
afterAll(async () => {
  await service.stop();
  await rm(directory, { recursive: true });
});

async function ask(path: string, body?: object): Promise<Response> {
  const method = body === undefined ? 'GET' : 'POST';
  const request = new Request(`http://localhost:7071${path}`, {
    method,
    headers: { authorization, host: 'localhost:7071' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await composition.keyturn.handleRequest(request, { loopback: true });
  expect(await undescribed(method, path, answer)).toBeNull();
  return answer;
}

const listOf = async <Row>(path: string, member: string): Promise<readonly Row[]> =>
  ((await (await ask(path)).json()) as Record<string, readonly Row[]>)[member] ?? [];

describe('a service as a program sees it', () => {
  it('answers every address that is only read as the OpenAPI document says, with something to show', async () => {
    const { vault = '', secret = '' } =
      (await listOf<{ vault: string; secret: string }>('/secrets', 'secrets')).find(
        (one) => one.secret === liveSecret,
      ) ?? {};
    const rotationsBefore = await ask('/rotations', {
      action: 'request',
      secret: `${vault}/${secret}`,
      reason: 'a test',
    });
    expect(rotationsBefore.status).toBe(202);
    const [pack] = await listOf<{ id: string }>('/reports', 'packs');
    const [finding] = await listOf<{ id: string }>('/findings', 'findings');
    const values = { vault, name: secret, file: 'manifest.json' };
    const ids = { '/reports/{id}': pack?.id ?? '', '/findings/{id}': finding?.id ?? '' };
    const asked: string[] = [];
    for (const [path, { get }] of Object.entries(openApi.paths)) {
      // A page for people alone is not a program's to read.
      const isForPrograms = get?.security.some((one) => 'apiToken' in one) ?? false;
      if (get === undefined || !(isForPrograms || get.security.length === 0) || path.startsWith('/sign-in')) continue;
      const id = Object.entries(ids).find(([start]) => path.startsWith(start))?.[1] ?? '';
      const address = Object.entries({ ...values, id }).reduce(
        (text, [name, value]) => text.replace(`{${name}}`, value),
        path,
      );
      const answer = await ask(address);
      // The log is read for the first time in the background.
      if (answer.status === 404 && path === '/findings/{id}') continue;
      expect([address, answer.status]).toEqual([address, 200]);
      asked.push(path);
    }
    expect(asked.length).toBeGreaterThan(15);
    // The pass had begun it, because it was due; the program asked again, and is named for it.
    expect(await listOf('/rotations', 'rotations')).toMatchObject([
      { secret: liveSecret, awaits: 'publish', asks: [{ by: { kind: 'machine', name: 'all' } }] },
    ]);
    expect(await (await ask(`/reports/${pack?.id ?? ''}/check`, {})).json()).toMatchObject({ intact: true });
  });

  it('may not approve what it asked for, nor anything else', async () => {
    const [waiting] = await listOf<{ rotationId: string }>('/rotations', 'rotations');
    const answer = await ask('/rotations', { action: 'approve', rotationId: waiting?.rotationId, reason: 'mine' });
    expect([answer.status, await answer.json()]).toMatchObject([403, { code: 'API_TOKEN_NEEDS_SCOPE' }]);
  });
});

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { composeKeyturn } from '../../src/compose.ts';
import type { Keyturn } from '../../src/keyturn.ts';
import { makeJobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { openTelemetry } from '../../src/telemetry/open-telemetry.ts';
import { type EmbeddedSettings, embeddedSettings } from '../functions/embedded-settings.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';

let service: EmbeddedSettings;
let receiver: OtlpReceiver;
let telemetry: Awaited<ReturnType<typeof openTelemetry>>;
let directory: string;
let keyturn: Keyturn;
beforeAll(async () => {
  service = await embeddedSettings();
  receiver = await startOtlpReceiver();
  telemetry = await openTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, '0.0.0');
  directory = await mkdtemp(join(tmpdir(), 'keyturn-spans-'));
  const policy = join(directory, 'keyturn.policy.yml');
  await writeFile(
    policy,
    `format: 1
secrets: { ${liveSecret}: { issuer: generated, validity: 90d, namespaces: [payments] } }
namespaces: { payments: { repositories: [acme/payments] } }
`,
  );
  const environment = { ...service.environment, KEYTURN_POLICY: policy, KEYTURN_REPORT_PERIODS: 'month' };
  ({ keyturn } = await composeKeyturn(environment, { trace: telemetry.trace }));
});
afterAll(async () => {
  await receiver.stop();
  await service.stop();
  await rm(directory, { recursive: true });
});

/** Opens the session of a job, and asks the broker for a secret as the job's helper does. Returns both statuses. */
async function readAs(repository: string): Promise<readonly number[]> {
  const key = makeJobKey();
  const job = service.cloud.gitea.startJob({ repository, name: 'settle', runner: 'runner-payments' });
  const ask = async (path: string, content: object, headers: Record<string, string> = {}) => {
    const url = `http://localhost:7071${path}`;
    const body = JSON.stringify(content);
    const dpop = proveRequest(key, { method: 'POST', url, body, at: new Date(), id: randomUUID() });
    const init = { method: 'POST', headers: { host: 'localhost:7071', dpop, ...headers }, body };
    return await keyturn.handleRequest(new Request(url, init), { loopback: true });
  };
  const token = job.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
  const opened = await ask('/broker/sessions', { repository }, { authorization: `Bearer ${token}` });
  const { session } = (await opened.json()) as { session: string };
  const read = { session, vault: service.cloud.vault.name, name: liveSecret, version: null };
  return [opened.status, (await ask('/broker/reads', read)).status];
}

describe('a receiver of traces', () => {
  it('gets each read of the broker with its outcome, in the span of its request, and each report; no name and no value', async () => {
    expect(await readAs('acme/payments')).toEqual([200, 200]);
    expect(await readAs('acme/storefront')).toEqual([200, 403]);
    const { counts } = await keyturn.produceReports();
    expect(counts['produced']).toBe(1);
    await telemetry.shutdown();

    const spans = receiver.spans();
    const named = (name: string) => spans.filter((span) => span.name === name);
    const reads = named('broker read');
    expect(reads.map(({ attributes, status }) => [attributes, status])).toEqual([
      [{ 'keyturn.outcome': 'served' }, 0],
      [{ 'keyturn.outcome': 'refused' }, 0],
    ]);
    const requests = named('http request').filter(({ attributes }) => attributes['http.route'] === '/broker/reads');
    expect(reads.map(({ parentSpanId }) => parentSpanId)).toEqual(requests.map(({ spanId }) => spanId));
    const work = spans.find(({ attributes }) => attributes['keyturn.work'] === 'produce reports');
    expect(named('produce a report')).toMatchObject([{ attributes: {}, status: 0, parentSpanId: work?.spanId }]);

    const sent = receiver.bodies.join('');
    const values = service.cloud.vault.everyValue().filter((value) => value.length > 4);
    const hidden = [...values, liveSecret, service.cloud.vault.name, 'acme/payments', 'acme/storefront'];
    expect(hidden.filter((text) => sent.includes(text))).toEqual([]);
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { liveSecret } from '../../examples/story/fixtures.ts';
import { composeKeyturn } from '../../src/compose.ts';
import type { SpanAttributes } from '../../src/log/trace.ts';
import { ServiceError } from '../../src/service-error.ts';
import { openTelemetry } from '../../src/telemetry/open-telemetry.ts';
import { embeddedSettings } from '../functions/embedded-settings.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(async () => await receiver.stop());

const open = async () => await openTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, '0.0.0');

describe('telemetry', () => {
  it('sends spans within spans, with the code of a failure and none of its text', async () => {
    const { trace, shutdown } = await open();
    const failure = new ServiceError('GITEA_UNREACHABLE', { gitea: 'https://hidden.example', reason: 'x' });
    const failing = trace('scheduled work', { work: 'collect jobs' }, async () => {
      await trace('collect a slice', {}, async (note) => await Promise.resolve(note({ outcome: 'read', rows: 3 })));
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    await expect(trace('http request', {}, () => Promise.reject(new Error('swordfish in a message')))).rejects.toThrow(
      'swordfish',
    );
    await shutdown();
    const [slice, work, request] = receiver.spans();
    expect(slice).toMatchObject({
      name: 'collect a slice',
      parentSpanId: work?.spanId,
      attributes: { 'keyturn.outcome': 'read', 'keyturn.rows': 3 },
      status: 0,
    });
    expect(work).toMatchObject({
      parentSpanId: null,
      attributes: { 'keyturn.work': 'collect jobs', 'keyturn.code': 'GITEA_UNREACHABLE' },
      status: 2,
    });
    expect(request).toMatchObject({ attributes: { 'keyturn.code': 'UNEXPECTED' }, status: 2 });
    expect(receiver.bodies.join('')).not.toMatch(/hidden\.example|swordfish/);
  });

  it('sends no attribute beside those of the list, and no text that is not one of our words', async () => {
    const { trace, shutdown } = await open();
    const foreign = {
      secret: 'kv/app',
      outcome: 'a\nb',
      code: 'x'.repeat(101),
      work: 'collect jobs',
    } as SpanAttributes;
    await trace('scheduled work', foreign, () => Promise.resolve());
    await shutdown();
    expect(receiver.spans()[0]?.attributes).toEqual({ 'keyturn.work': 'collect jobs' });
  });

  it('sends the figures under the names of /metrics, and those that there are no more no longer', async () => {
    const { observe, shutdown } = await open();
    observe(() =>
      Promise.resolve([
        { name: 'keyturn_rotations', labels: { state: 'grace' }, value: 2 },
        { name: 'keyturn_broker_reads_total', value: 7 },
      ]),
    );
    await shutdown();
    expect(Object.fromEntries(receiver.figures())).toEqual({
      'keyturn_rotations{state="grace"}': 2,
      keyturn_broker_reads_total: 7,
    });
  });

  it('does not fail the work, nor keep the process, while the receiver is away or the figures cannot be read', async () => {
    const { url } = receiver;
    await receiver.stop();
    const { trace, observe, shutdown } = await openTelemetry({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, '0.0.0');
    observe(() => Promise.reject(new Error('a test')));
    expect(await trace('scheduled work', {}, () => Promise.resolve(1))).toBe(1);
    await shutdown();
    receiver = await startOtlpReceiver();
  });

  it('is off without an address, and loads none of its packages then', () => {
    const script = `
      const { openTelemetry } = await import('./src/telemetry/open-telemetry.ts');
      const { registerHooks } = await import('node:module');
      const loaded = [];
      registerHooks({ resolve: (name, context, next) => { loaded.push(name); return next(name, context); } });
      const { trace, shutdown } = await openTelemetry({}, '0.0.0');
      await trace('scheduled work', {}, async () => undefined);
      await shutdown();
      console.log(JSON.stringify(loaded));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual([]);
  });
});

describe('a service with telemetry', () => {
  it('traces a pass, the acts in it, a request by its route, and names no secret and no value', async () => {
    const service = await embeddedSettings();
    const directory = await mkdtemp(join(tmpdir(), 'keyturn-telemetry-'));
    try {
      const policy = join(directory, 'keyturn.policy.yml');
      const binding = '{ issuer: generated, validity: 30d, grace: 1h, first: automatic }';
      await writeFile(policy, `format: 1\nsecrets:\n  ${liveSecret}: ${binding}\n`);
      const telemetry = await open();
      const { keyturn, samples } = await composeKeyturn(
        { ...service.environment, KEYTURN_POLICY: policy },
        { trace: telemetry.trace, trustLoopback: true },
      );
      telemetry.observe(samples);
      await keyturn.reconcileRotations();
      await keyturn.collectRetrievals();
      const { vault } = service.cloud;
      const path = `/secrets/${vault.name}/${liveSecret}`;
      const headers = { host: 'localhost:7071', accept: 'application/json' };
      const answer = await keyturn.handleRequest(new Request(`http://localhost:7071${path}`, { headers }), {
        loopback: true,
      });
      expect(answer.status).toBe(200);
      await telemetry.shutdown();

      const spans = receiver.spans();
      const pass = spans.find(({ attributes }) => attributes['keyturn.work'] === 'reconcile rotations');
      const acts = spans.filter(({ name }) => name === 'act on a target');
      expect(new Set(acts.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([pass?.spanId]));
      expect(acts.map(({ attributes }) => attributes['keyturn.act'])).toContain('publish');
      const collection = spans.find(({ attributes }) => attributes['keyturn.work'] === 'collect log rows');
      const slices = spans.filter(({ name }) => name === 'collect a slice');
      expect(slices.every(({ parentSpanId }) => parentSpanId === collection?.spanId)).toBe(true);
      expect(spans.find(({ name }) => name === 'http request')?.attributes).toEqual({
        'http.request.method': 'GET',
        'http.route': '/secrets/:vault/:name',
        'http.response.status_code': 200,
      });
      expect(receiver.figures().get('keyturn_rotations{state="grace"}')).toBe(1);
      const sent = receiver.bodies.join('');
      const values = vault.everyValue().filter((value) => value.length > 4);
      expect([...values, liveSecret, vault.name].filter((text) => sent.includes(text))).toEqual([]);
    } finally {
      await service.stop();
      await rm(directory, { recursive: true });
    }
  });
});

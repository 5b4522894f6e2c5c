import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricsOf } from '../../src/composition/collect-metrics.ts';
import { notificationOutbox } from '../../src/notify/notification-outbox.ts';
import { silentLogger } from '../../src/log/logger.ts';
import { ServiceError } from '../../src/service-error.ts';
import { type MetricsListener, startMetricsListener } from '../../src/telemetry/metrics-listener.ts';
import { metricTable } from '../../src/telemetry/metric-table.ts';
import { prometheusText } from '../../src/telemetry/prometheus-text.ts';
import { workCounters } from '../../src/telemetry/work-counters.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { channelOf, memoryNotifier } from '../notify/memory-notifier.ts';
import { bindingOf, rotationWorld } from '../rotation/world/rotation-world.ts';

const listeners: MetricsListener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

const at = new Date('2026-03-01T00:00:00Z');

/** The samples of a page, by name with labels. */
function samplesOf(page: string): ReadonlyMap<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

describe('the page of metrics', () => {
  it('counts open rotations by state, how long the oldest question waits, and what waits to be sent', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { first: 'go' })]);
    const { records, now } = world.tools;
    const channel = memoryNotifier();
    const outbox = notificationOutbox({
      records,
      channels: [channelOf(channel.notifier)],
      logger: silentLogger,
      now: () => now(),
    });
    await outbox.announce({ type: 'work.failed', work: 'collect jobs', code: 'UNEXPECTED', day: '2026-03-01' });
    world.advance(400 * 86_400_000);
    await reconcileRotations(world.tools);
    world.advance(3_600_000);
    const page = await metricsOf({ records, outbox, counters: workCounters(), now: () => now() }).metrics();
    const samples = samplesOf(page);
    expect(samples.get('keyturn_rotations{state="awaiting-go"}')).toBe(1);
    expect(samples.get('keyturn_oldest_question_seconds')).toBeGreaterThanOrEqual(3_600);
    expect(samples.get('keyturn_notifications_pending{channel="memory"}')).toBe(1);
    expect(page).not.toContain('kv/app');
  });

  it('has what this process did: last success and failure of each work, failures by code, values and refusals', () => {
    const counters = workCounters();
    counters.succeeded('collect jobs', at);
    const failure = new ServiceError('GITEA_UNREACHABLE', {
      gitea: 'https://gitea.example.org',
      reason: 'ECONNREFUSED',
    });
    counters.failed('collect jobs', failure, at);
    counters.failed('collect jobs', failure, at);
    counters.brokered('served');
    counters.brokered('refused');
    const samples = samplesOf(prometheusText(counters.samples()));
    expect(Object.fromEntries(samples)).toEqual({
      'keyturn_last_success_timestamp_seconds{work="collect jobs"}': +at / 1_000,
      'keyturn_last_failure_timestamp_seconds{work="collect jobs"}': +at / 1_000,
      'keyturn_work_failures_total{work="collect jobs",code="GITEA_UNREACHABLE"}': 2,
      keyturn_broker_reads_total: 1,
      keyturn_broker_refusals_total: 1,
    });
  });

  it('says help and kind of each family once, and escapes what a label holds', () => {
    const text = prometheusText([
      { name: 'keyturn_rotations', labels: { state: 'a"b\\c\nd' }, value: 1 },
      { name: 'keyturn_rotations', labels: { state: 'e' }, value: 2 },
    ]);
    expect(text.split('\n')).toEqual([
      `# HELP keyturn_rotations ${metricTable.keyturn_rotations.help}`,
      '# TYPE keyturn_rotations gauge',
      String.raw`keyturn_rotations{state="a\"b\\c\nd"} 1`,
      'keyturn_rotations{state="e"} 2',
      '',
    ]);
  });
});

describe('the listener of metrics', () => {
  async function start(text: () => Promise<string>) {
    const listener = await startMetricsListener(0, text);
    listeners.push(listener);
    return listener.url;
  }

  it('answers on this machine alone, on one path, to GET alone', async () => {
    const url = await start(() => Promise.resolve('keyturn_build_info 1\n'));
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'keyturn_build_info 1\n']);
    expect(answer.headers.get('content-type')).toContain('version=0.0.4');
    expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  });

  it('answers no browser on a rebound name', async () => {
    const url = await start(() => Promise.resolve('x'));
    const status = await new Promise((resolve) => {
      httpRequest(url, { headers: { host: 'evil.example' } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it('is down for Prometheus, with no word why, while the records cannot be read', async () => {
    const url = await start(() => Promise.reject(new Error('swordfish')));
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([503, '']);
  });
});

describe('deploy/prometheus-alerts.yml', () => {
  const rules = parse(readFileSync('deploy/prometheus-alerts.yml', 'utf8')) as {
    readonly groups: readonly {
      readonly rules: readonly { readonly alert: string; readonly expr: string; readonly annotations: object }[];
    }[];
  };

  it('asks only for figures that there are, with labels that they have', () => {
    const alerts = rules.groups.flatMap((group) => group.rules);
    expect(alerts.length).toBeGreaterThan(5);
    for (const { alert, expr } of alerts) {
      const names = expr.match(/keyturn_[a-z_]+/g) ?? [];
      expect([alert, names.filter((name) => !Object.hasOwn(metricTable, name))]).toEqual([alert, []]);
      for (const [, name = '', labels = ''] of expr.matchAll(/(keyturn_[a-z_]+)\{([^}]*)\}/g)) {
        const known: readonly string[] = metricTable[name as keyof typeof metricTable].labels;
        const used = labels.split(',').map((one) => one.split(/[=!~]/)[0] ?? '');
        expect([alert, used.filter((label) => !known.includes(label))]).toEqual([alert, []]);
      }
    }
  });
});

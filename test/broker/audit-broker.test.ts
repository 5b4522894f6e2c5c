import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttributor } from '../../src/audit/attribution/attribute-retrievals.ts';
import type { Retrieval } from '../../src/audit/model/retrieval.ts';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import { type BrokerHistory, readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { makeJobKey } from '../../src/runner/broker/job-key.ts';
import { policy } from '../audit/attribution-fixtures.ts';
import { found, of } from '../audit/finding-fixtures.ts';
import { type BrokerWorld, startBrokerWorld } from './broker-world.ts';

let world: BrokerWorld;
beforeAll(async () => {
  world = await startBrokerWorld();
});
afterAll(async () => await world.stop());

const always = { from: new Date(0), to: new Date(4e12) };
const history = async () => await readBrokerHistory(world.records, always);

/** The rows of the vault's own log, as the audit reads them. */
function rows(): readonly Retrieval[] {
  return world.cloud.auditLog.rows().flatMap((row) => {
    const parsed = parseAuditRow(row, '');
    return parsed.outcome === 'refused' || parsed.retrieval.kind !== 'read' ? [] : [parsed.retrieval];
  });
}

const rowOf = (requestId: unknown) => rows().find(({ correlationId }) => correlationId === requestId);

function withBroker(role: 'broker' | 'rotator') {
  const rule = { objectId: world.broker.objectId, role, runnerLabels: [], repositories: [], addresses: [] } as const;
  return policy({ identities: new Map([[world.broker.objectId, rule]]) });
}

function grade(row: Retrieval | undefined, brokered: BrokerHistory, role: 'broker' | 'rotator' = 'broker') {
  const sources = { policy: withBroker(role), jobs: [], receipts: [], rotations: [], brokerReads: brokered.reads };
  if (row === undefined) throw new Error('the log has no such row');
  return createAttributor(sources).attribute(row);
}

describe('a row of the broker', () => {
  it.each(['broker', 'rotator'] as const)(
    'is authenticated by its journal, where the identity is the %s',
    async (role) => {
      const [job, key] = [world.startJob(), makeJobKey()];
      const { body } = await world.read(await world.open(job, key), key);
      const attribution = grade(rowOf(body['requestId']), await history(), role);
      expect([attribution.grade, attribution.reason]).toEqual(['authenticated', 'broker-journal']);
      expect(attribution.job).toMatchObject({
        repository: 'shop/orders',
        jobId: job.job.jobId,
        workflow: 'deploy.yml',
      });
    },
  );

  it('is authenticated by the nonce of its stamp if the broker died before it could record the answer', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const { body } = await world.read(await world.open(job, key), key);
    const whole = await history();
    const reads = whole.reads.map((read) => ({ ...read, requestId: null, outcome: 'unanswered' as const }));
    expect(grade(rowOf(body['requestId']), { ...whole, reads }).grade).toBe('authenticated');
  });

  it('is suspicious without an entry, whatever stamp it has, and a finding of high severity', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const { body } = await world.read(await world.open(job, key), key);
    const row = rowOf(body['requestId']);
    const none = { reads: [], refusals: [], secondKeys: [], uses: [] };
    expect(grade(row, none).grade).toBe('broker-unexplained');
    const findings = found({
      policy: withBroker('broker'),
      rows: row === undefined ? [] : [row],
      brokered: none,
      period: always,
    });
    expect(of('broker-unexplained', findings)).toMatchObject([{ severity: 'high', count: 1 }]);
  });

  it('is not explained by an entry about another secret', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const { body } = await world.read(await world.open(job, key), key);
    const whole = await history();
    const reads = whole.reads.map((read) => ({ ...read, secret: 'deploy-key' }));
    expect(grade(rowOf(body['requestId']), { ...whole, reads }).grade).toBe('broker-unexplained');
  });
});

describe('the findings about the broker', () => {
  it('list what the session of a job was given when a second key was shown', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    await world.read(await world.open(job, key), key);
    await world.open(job, makeJobKey());
    const findings = found({ policy: withBroker('broker'), brokered: await history(), period: always });
    const [finding] = of('second-broker-key', findings).filter(({ subject }) =>
      subject.includes(`/${String(job.job.jobId)}.`),
    );
    expect(finding?.description).toContain(`keyturn rotate ${world.cloud.vault.name}/db-password --emergency`);
  });

  it('name reads of its journal that the log does not show, and none that it shows', async () => {
    const brokered = await history();
    const served = brokered.reads.filter(({ outcome }) => outcome === 'served');
    const day = { policy: withBroker('broker'), brokered, period: always };
    expect(of('broker-read-missing', found({ ...day, rows: rows() }))).toEqual([]);
    const [finding] = of('broker-read-missing', found({ ...day, rows: rows().slice(1) }));
    expect(finding).toMatchObject({ severity: 'medium', count: 1 });
    expect(served.length).toBeGreaterThan(3);
  });
});

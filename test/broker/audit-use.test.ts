import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttributor } from '../../src/audit/attribution/attribute-retrievals.ts';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { policy } from '../audit/attribution-fixtures.ts';
import { found, of } from '../audit/finding-fixtures.ts';
import { startUseWorld, type UseWorld } from './use-world.ts';

let world: UseWorld;
beforeAll(async () => {
  world = await startUseWorld();
});
afterAll(async () => await world.stop());

const always = { from: new Date(0), to: new Date(4e12) };

function withBroker() {
  const rule = {
    objectId: world.broker.objectId,
    role: 'broker',
    runnerLabels: [],
    repositories: [],
    addresses: [],
  } as const;
  return policy({ identities: new Map([[world.broker.objectId, rule]]) });
}

function rows() {
  return world.cloud.auditLog.rows().flatMap((row) => {
    const parsed = parseAuditRow(row, '');
    return parsed.outcome === 'refused' || parsed.retrieval.kind !== 'read' ? [] : [parsed.retrieval];
  });
}

describe('the rows of the vault behind uses', () => {
  it('are authenticated, each by its own entry, those of later answers included', async () => {
    const authorization = `Bearer ${await world.placeholder('db-password')}`;
    await world.use({ headers: [['authorization', authorization]] });
    // The value may be in this answer, so it is read and searched for.
    await world.use({});
    const brokered = await readBrokerHistory(world.records, always);
    expect(brokered.reads.map(({ purpose }) => purpose)).toEqual(['use', 'search']);
    const sources = { policy: withBroker(), jobs: [], receipts: [], rotations: [], brokerReads: brokered.reads };
    const attributor = createAttributor(sources);
    const graded = rows().map((row) => attributor.attribute(row));
    expect(graded.map(({ grade, evidence }) => [grade, evidence])).toEqual(
      brokered.reads.map(({ reference }) => ['authenticated', [reference]]),
    );
    const findings = found({ policy: withBroker(), rows: rows(), brokered, period: always });
    expect([...of('broker-read-missing', findings), ...of('broker-unexplained', findings)]).toEqual([]);
  });
});

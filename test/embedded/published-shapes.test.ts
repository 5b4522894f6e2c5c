import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workspaceSchema } from '../../embedded/azure/log-analytics/workspace-schema.ts';
import { createClock } from '../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { publishedContract, unlessContractsAreAbsent } from '../published-contracts.ts';

const read = (path: string): unknown => JSON.parse(readFileSync(publishedContract(path), 'utf8'));

let cloud: EmbeddedCloud;

beforeAll(async () => {
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-01T00:00:00Z')) });
  cloud.auditLog.setDelay(0);
});

afterAll(() => cloud.stop());

/** Names and kinds of everything in a value, without the values; numbers and texts are interchangeable. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return 'plain';
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

describe("the embedded cloud compared with Microsoft's published shapes", unlessContractsAreAbsent, () => {
  it.each([
    ['event-grid', 'example-eventgrid-secret_new_version_created.json'],
    ['cloud-events', 'example-cloudevents-secret_new_version_created.json'],
  ] as const)('sends events of the published shape: %s', async (schema, file) => {
    const events: unknown[] = [];
    cloud.vault.seed({ name: 'newsecret', value: 'v', expires: new Date('2026-06-01T00:00:00Z') });
    const end = await cloud.eventGrid.subscribe({ handler: async (event) => void events.push(event) }, { schema });
    await cloud.eventGrid.fire('SecretNewVersionCreated', 'newsecret');
    await cloud.eventGrid.settled();
    end();
    expect(shapeOf(events[0])).toEqual(shapeOf(read(`03-eventgrid-keyvault/${file}`)));
  });

  it('checks queries against the columns of the real tables', () => {
    const published = Object.entries(
      read('06-log-tables/table-columns.json') as Record<string, Record<string, string>>,
    );
    for (const { name, columns } of workspaceSchema.tables) {
      const wanted = Object.fromEntries(
        published
          .filter(([table]) => table.startsWith(name))
          .flatMap(([, types]) => Object.entries(types).map(([column, type]) => [column, type.split(' ')[0]])),
      );
      const ours = Object.fromEntries(columns.map((column) => [column.name, column.type]));
      expect(ours).toEqual({ ...wanted, _ItemId: 'string', _TimeReceived: 'datetime' });
    }
  });

  it('writes rows only in columns of the real table', async () => {
    await fetch(`${cloud.vault.url}/secrets/newsecret?api-version=7.5`).then((response) => response.text());
    await cloud.eventGrid.fire('SecretNearExpiry', 'newsecret');
    const names = workspaceSchema.tables[0]?.columns.map(({ name }) => name);
    expect(cloud.auditLog.rows().length).toBe(2);
    for (const row of cloud.auditLog.rows()) expect(names).toEqual(expect.arrayContaining(Object.keys(row)));
  });
});

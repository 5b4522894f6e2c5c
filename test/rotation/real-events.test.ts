import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseVaultEvent } from '../../src/rotation/expiry-notice.ts';
import { publishedContract, unlessContractsAreAbsent } from '../published-contracts.ts';

const sample = (file: string) => readFileSync(publishedContract(`03-eventgrid-keyvault/${file}`), 'utf8');

const vault = {
  name: 'sample-kv',
  url: 'https://sample-kv.vault.azure.net',
  resourceId: '/subscriptions/{subscription-id}/resourcegroups/sample-rg/providers/microsoft.keyvault/vaults/sample-kv',
};
// Written down by hand from the documentation's samples, blanks left out.
const expected = {
  outcome: 'notice',
  kind: 'new-version',
  eventId: '00eccf70-95a7-4e7c-8299-2eb17ee9ad64',
  vault: 'sample-kv',
  secret: 'newsecret',
  version: 'ee059b2bb5bc48398a53b168c6cdcb10',
};

describe('the event samples that Microsoft publishes', unlessContractsAreAbsent, () => {
  it.each(['example-cloudevents-secret_new_version_created.json', 'example-eventgrid-secret_new_version_created.json'])(
    'parses %s, as text and as an object',
    (file) => {
      const text = sample(file);
      expect(parseVaultEvent(text, [vault])).toEqual(expected);
      expect(parseVaultEvent(JSON.parse(text), [vault])).toEqual(expected);
    },
  );

  it('parses the samples of the documentation in both schemas, blanks in a name and before a version and all', () => {
    const samples = JSON.parse(sample('docs-samples.json')) as Record<string, unknown[]>;
    expect(Object.keys(samples).sort()).toEqual(['cloudEventSchema', 'eventGridSchema']);
    for (const events of Object.values(samples)) {
      expect(parseVaultEvent(events, [vault])).toEqual(expected);
      expect(parseVaultEvent(events[0], [vault])).toEqual(expected);
    }
  });

  it('knows each of the published event types: three about secrets, the others refused by name', () => {
    const { eventTypes } = JSON.parse(sample('event-types.json')) as { eventTypes: string[] };
    const created = JSON.parse(sample('example-eventgrid-secret_new_version_created.json')) as object;
    const outcomes = eventTypes.map((eventType) => {
      const parsed = parseVaultEvent({ ...created, eventType }, [vault]);
      return [eventType.replace('Microsoft.KeyVault.', ''), parsed.outcome === 'notice' ? parsed.kind : parsed.code];
    });
    expect(Object.fromEntries(outcomes)).toEqual({
      CertificateNewVersionCreated: 'unknown-type',
      CertificateNearExpiry: 'unknown-type',
      CertificateExpired: 'unknown-type',
      KeyNewVersionCreated: 'unknown-type',
      KeyNearExpiry: 'unknown-type',
      KeyExpired: 'unknown-type',
      SecretNewVersionCreated: 'new-version',
      SecretNearExpiry: 'near-expiry',
      SecretExpired: 'expired',
      VaultAccessPolicyChanged: 'unknown-type',
    });
  });
});

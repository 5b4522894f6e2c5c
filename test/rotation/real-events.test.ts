import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseVaultEvent } from '../../src/rotation/expiry-notice.ts';

const folder = fileURLToPath(new URL('../../../shared/contracts/03-eventgrid-keyvault/', import.meta.url));
const present = existsSync(folder);
if (!present) console.log('Skipped: ../shared/contracts is not here, so the published event samples cannot be read.');

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

describe.skipIf(!present)('the event samples that Microsoft publishes', () => {
  it.each(['example-cloudevents-secret_new_version_created.json', 'example-eventgrid-secret_new_version_created.json'])(
    'parses %s, as text and as an object',
    (file) => {
      const text = readFileSync(`${folder}${file}`, 'utf8');
      expect(parseVaultEvent(text, [vault])).toEqual(expected);
      expect(parseVaultEvent(JSON.parse(text), [vault])).toEqual(expected);
    },
  );

  it('parses the samples of the documentation in both schemas, blanks in a name and before a version and all', () => {
    const samples = JSON.parse(readFileSync(`${folder}docs-samples.json`, 'utf8')) as Record<string, unknown[]>;
    expect(Object.keys(samples).sort()).toEqual(['cloudEventSchema', 'eventGridSchema']);
    for (const events of Object.values(samples)) {
      expect(parseVaultEvent(events, [vault])).toEqual(expected);
      expect(parseVaultEvent(events[0], [vault])).toEqual(expected);
    }
  });

  it('knows each of the published event types: three about secrets, the others refused by name', () => {
    const { eventTypes } = JSON.parse(readFileSync(`${folder}event-types.json`, 'utf8')) as { eventTypes: string[] };
    const sample = JSON.parse(
      readFileSync(`${folder}example-eventgrid-secret_new_version_created.json`, 'utf8'),
    ) as object;
    const outcomes = eventTypes.map((eventType) => {
      const parsed = parseVaultEvent({ ...sample, eventType }, [vault]);
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

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proposePolicy } from '../../src/composition/propose-policy.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';

const vault = { name: 'kv-prod', url: 'https://kv-prod.vault.azure.net', resourceId: null };
const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`proposed policies: KEYTURN_TEST_SEED=${String(seed)}`);

const tagText = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('/subscriptions/a"b', '/subscriptions/a\\', '/subscriptions/}', '90', '0', '99999', '#', "'", 'prod'),
);
const found = fc.record({
  vault: fc.constant('kv-prod'),
  secret: fc.record({
    name: fc.stringMatching(/^[0-9a-z-]{1,40}$/),
    version: fc.constant('0'.repeat(32)),
    enabled: fc.boolean(),
    notBefore: fc.constant(null),
    expires: fc.option(fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true })),
    created: fc.date({ min: new Date('2015-01-01'), max: new Date('2026-01-01'), noInvalidDate: true }),
    contentType: fc.constant(null),
    tags: fc.dictionary(
      fc.constantFrom('ValidityPeriodDays', 'CredentialId', 'ProviderAddress', 'environment'),
      tagText,
    ),
  }),
});

describe('a proposed policy', () => {
  it('is read as a policy whatever stands in tags, and binds nothing but what a tag names', () => {
    const secrets = fc.uniqueArray(found, { maxLength: 12, selector: ({ secret }) => secret.name });
    fc.assert(
      fc.property(secrets, (given) => {
        const { text, bound, unknown } = proposePolicy(given);
        const policy = parsePolicy(text, 'proposed', [vault]);
        expect(bound + unknown).toBe(given.length);
        expect(policy.secrets.size).toBe(bound);
        for (const [key, { target, issuer }] of policy.secrets) {
          const source = given.find(({ secret }) => key === `kv-prod/${secret.name}`);
          expect(issuer).toBe('azure-keys');
          expect(target).toEqual({ resource: source?.secret.tags['ProviderAddress'] });
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});

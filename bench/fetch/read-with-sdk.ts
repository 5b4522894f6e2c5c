import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';

/** The yardstick of `bench-fetch.ts`: the same reads through Azure's own clients, as they are installed. */
process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = process.env['BENCH_IDENTITY'] ?? '';
const credential = new ManagedIdentityCredential({ clientId: process.env['BENCH_CLIENT'] ?? '' });
const client = new SecretClient(process.env['BENCH_VAULT'] ?? '', credential, {
  disableChallengeResourceVerification: true,
  allowInsecureConnection: true,
});
const [first = '', ...rest] = process.argv.slice(2);
// One first, or each of them would be challenged.
await client.getSecret(first);
await Promise.all(rest.map((name) => client.getSecret(name)));

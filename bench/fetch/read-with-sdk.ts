import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';

/** The baseline of `bench-fetch.ts`: the same reads through Azure's own clients, unbundled. */
process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = process.env['BENCH_IDENTITY'] ?? '';
const credential = new ManagedIdentityCredential({ clientId: process.env['BENCH_CLIENT'] ?? '' });
const client = new SecretClient(process.env['BENCH_VAULT'] ?? '', credential, {
  disableChallengeResourceVerification: true,
  allowInsecureConnection: true,
});
const [first = '', ...rest] = process.argv.slice(2);
// One read first, or each would get its own challenge.
await client.getSecret(first);
await Promise.all(rest.map((name) => client.getSecret(name)));

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkWebhook } from '../src/issuers/check-webhook.ts';
import { alphabets, randomText } from '../src/issuers/random-text.ts';
import { SecretValue } from '../src/secrets/secret-value.ts';

const usage = `node scripts/check-webhook.mjs URL --target TEXT --principal TEXT --key-file FILE [--minted] [--network public|private|loopback]

Runs an endpoint of your own through everything that the issuers webhook and webhook-minted rely on.
It makes one credential of the target and ends it again: use a target that is there for this alone.
FILE holds the key that signs the requests, the same that the endpoint checks with.`;

const networks = ['public', 'private', 'loopback'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: 'string' },
    principal: { type: 'string' },
    'key-file': { type: 'string' },
    minted: { type: 'boolean', default: false },
    network: { type: 'string', default: 'public' },
  },
});
const [url] = positionals;
const network = networks.find((one) => one === values.network);
if (!url || !values.target || !values.principal || !values['key-file'] || network === undefined) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}

let failed = 0;
const checks = checkWebhook({
  endpoint: { base: url, network, signingKey: new SecretValue(readFileSync(values['key-file'], 'utf8').trim()) },
  target: values.target,
  principal: values.principal,
  issuer: values.minted ? 'webhook-minted' : 'webhook',
  proposed: new SecretValue(randomText(40, alphabets.alphanumeric, randomBytes)),
  runId: randomText(16, 'abcdefghijklmnopqrstuvwxyz234567', randomBytes),
  now: () => new Date(),
});
for await (const { check, outcome, found } of checks) {
  if (outcome === 'failed') failed += 1;
  process.stdout.write(`${outcome === 'passed' ? 'ok    ' : 'FAILED'} ${check}${found === '' ? '' : `: ${found}`}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;

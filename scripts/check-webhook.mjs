import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkWebhook } from '../src/issuers/webhook/check-webhook.ts';
import { alphabets, randomText } from '../src/issuers/shared/random-text.ts';
import { webhookIssuer } from '../src/issuers/webhook/webhook-issuer.ts';
import { SecretValue } from '../src/secrets/secret-value.ts';

const usage = `node scripts/check-webhook.mjs URL --target TEXT --principal TEXT --key-file FILE [--minted] [--network public|private|loopback]

Runs an endpoint of your own through everything that the issuers webhook and webhook-minted rely on.
It makes one credential of the target and ends it again: use a target that is there for this alone.
FILE holds the key that signs the requests, the same that the endpoint checks with.

Exit codes: 0 passed, 1 failed (each check is named), 2 wrong use. It needs Node 24 or newer and a clone.`;

const { url, target, principal, keyFile, minted, network } = readArguments();
const name = minted ? 'webhook-minted' : 'webhook';

let failed = 0;
const checks = checkWebhook({
  endpoint: { base: url, network, signingKey: signingKeyOf(keyFile) },
  target,
  principal,
  issuer: name,
  proposed: new SecretValue(randomText(40, alphabets.alphanumeric, randomBytes)),
  runId: randomText(16, 'abcdefghijklmnopqrstuvwxyz234567', randomBytes),
  now: () => new Date(),
});
for await (const { check, outcome, found } of checks) {
  if (outcome === 'failed') failed += 1;
  process.stdout.write(`${outcome === 'passed' ? 'ok    ' : 'FAILED'} ${check}${found === '' ? '' : `: ${found}`}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;

function readArguments() {
  const read = () =>
    parseArgs({
      allowPositionals: true,
      options: {
        target: { type: 'string' },
        principal: { type: 'string' },
        'key-file': { type: 'string' },
        minted: { type: 'boolean', default: false },
        network: { type: 'string', default: 'public' },
      },
    });
  let words;
  try {
    words = read();
  } catch (error) {
    return wrong(error.message);
  }
  const { values, positionals } = words;
  const [address = ''] = positionals;
  if (positionals.length !== 1) return wrong('There must be one URL.');
  for (const option of ['target', 'principal', 'key-file']) {
    if (!values[option]) return wrong(`--${option} is missing.`);
  }
  const asked = { url: address, network: values.network, target: values.target, principal: values.principal };
  // The policy is held to the same rules, so that what passes here can be written there.
  const issuer = webhookIssuer({
    name: 'webhook',
    readSecret: () => Promise.reject(new Error('not asked')),
    randomBytes,
  });
  const [fault] = issuer.check({ issuer: 'webhook', target: { ...asked, signingKey: 'vault/name' } });
  if (fault !== undefined) return wrong(`${fault.place.replace('target.', '')} ${fault.reason}.`);
  return { ...asked, keyFile: values['key-file'], minted: values.minted };
}

function signingKeyOf(file) {
  let text = '';
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    wrong(`--key-file cannot be read (${error.code}).`);
  }
  return text === '' ? wrong('--key-file is empty.') : new SecretValue(text);
}

function wrong(says) {
  process.stderr.write(`${says}\n\n${usage}\n`);
  process.exit(2);
}

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import './require-node.mjs';

// Loaded after the check of Node: an older one cannot read TypeScript.
const { checkWebhook } = await import('../src/issuers/webhook/check-webhook.ts');
const { alphabets, randomText } = await import('../src/issuers/shared/random-text.ts');
const { webhookIssuer } = await import('../src/issuers/webhook/webhook-issuer.ts');
const { SecretValue } = await import('../src/secrets/secret-value.ts');

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
    return wrong(error instanceof Error ? error.message : 'The words cannot be read.');
  }
  const { values, positionals } = words;
  const [address = ''] = positionals;
  if (positionals.length !== 1) return wrong('There must be one URL.');
  const { target = '', principal = '', 'key-file': keyFile = '', minted, network } = values;
  for (const [option, given] of Object.entries({ target, principal, 'key-file': keyFile })) {
    if (given === '') return wrong(`--${option} is missing.`);
  }
  // The policy is held to the same rules, so that what passes here can be written there.
  const issuer = webhookIssuer({
    name: 'webhook',
    readSecret: () => Promise.reject(new Error('not asked')),
    randomBytes,
  });
  const asked = { url: address, network, target, principal };
  /** @typedef {import('../src/secrets/policy.ts').SecretBinding} SecretBinding */
  const binding = { issuer: 'webhook', target: { ...asked, signingKey: 'vault/name' } };
  // Of a binding the check reads the target alone.
  const [fault] = issuer.check(/** @type {SecretBinding} */ (/** @type {unknown} */ (binding)));
  if (fault !== undefined) return wrong(`${fault.place.replace('target.', '')} ${fault.reason}.`);
  // The check above refuses any other network.
  return { ...asked, network: /** @type {'public' | 'private' | 'loopback'} */ (network), keyFile, minted };
}

/** @param {string} file */
function signingKeyOf(file) {
  let text = '';
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    wrong(`--key-file cannot be read (${code}).`);
  }
  return text === '' ? wrong('--key-file is empty.') : new SecretValue(text);
}

/**
 * @param {string} message
 * @returns {never}
 */
function wrong(message) {
  process.stderr.write(`${message}\n\n${usage}\n`);
  process.exit(2);
}

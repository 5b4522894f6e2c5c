import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { counted, createFindingTally } from '../../src/audit/findings/finding-tally.ts';
import type { Finding } from '../../src/audit/model/finding.ts';
import { computeFingerprint, sealEnvelope, statementPayloadType } from '../../src/evidence/pack/dsse-envelope.ts';
import { sha256 } from '../../src/evidence/pack/pack-file.ts';
import type { Manifest, PackStatement } from '../../src/evidence/pack/pack-statement.ts';
import type { Signer } from '../../src/evidence/pack/signer.ts';
import { canonicalJson } from '../../src/provenance/canonical-json.ts';

/** A finding about a person who read the secret of `format-examples.ts`. */
export function finding(): Finding | undefined {
  const tally = createFindingTally('read-by-person');
  tally.add({
    subject: 'kv-prod/deploy-token',
    severity: 'medium',
    at: '2026-03-10T09:12:44.0210000Z',
    evidence: '5d0c9ad1f2b84f7c8e3a6b1c2d3e4f50',
    description: ({ count }) =>
      `ada@example.org read kv-prod/deploy-token ${counted(count, 'time')} with personal credentials.`,
  });
  return tally.findings()[0];
}

export const packManifest: Manifest = {
  format: 1,
  pack: '2026-Q1.soc2-iso27001.20260403T023000Z',
  synthetic: false,
  status: 'final',
  files: [
    {
      path: 'retrievals.ndjson',
      mediaType: 'application/x-ndjson',
      bytes: 48_211,
      sha256: sha256('the bytes of retrievals.ndjson'),
    },
  ],
};

export const statement: PackStatement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [
    { name: 'retrievals.ndjson', digest: { sha256: sha256('the bytes of retrievals.ndjson') } },
    { name: 'manifest.json', digest: { sha256: sha256(`${canonicalJson(packManifest)}\n`) } },
  ],
  predicateType: 'urn:keyturn:evidence-pack:1',
  predicate: {
    format: 1,
    pack: packManifest.pack,
    organisation: 'Example Ltd',
    period: { from: '2026-01-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' },
    frameworks: ['soc2', 'iso27001'],
    status: 'final',
    statusReasons: [],
    synthetic: false,
    createdAt: '2026-04-03T02:30:00.000Z',
    software: 'Keyturn 0.1.0',
    dataManifestSha256: sha256('the bytes of data-manifest.json'),
    reads: { total: 31, grades: { authenticated: 29, rotation: 2 } },
    findings: 1,
    previous: null,
  },
};

// The first test vector of RFC 8032, section 7.1: a key that everybody has.
const privateKey = createPrivateKey({
  key: Buffer.from(
    '302e020100300506032b6570042204209d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ),
  format: 'der',
  type: 'pkcs8',
});
export const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
const signer: Signer = {
  fingerprint: computeFingerprint(publicKey),
  publicKey,
  algorithm: 'ed25519',
  sign: (bytes) => Promise.resolve(sign(null, bytes, privateKey)),
};

export async function envelope(): Promise<string> {
  const payload = Buffer.from(canonicalJson(statement));
  return Buffer.from(await sealEnvelope(signer, statementPayloadType, payload)).toString('utf8');
}

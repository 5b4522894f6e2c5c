import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { computeFingerprint } from '../../src/evidence/pack/dsse-envelope.ts';
import type { PackOrder } from '../../src/evidence/pack-order.ts';
import type { Signer } from '../../src/evidence/pack/signer.ts';
import { auditStory, auditedStory, type StoryPeriod } from './story.ts';
import { from, rotationStory, to } from './story-state.ts';

/** The private key of RFC 8032, section 7.1, test 1: published, and so worthless. */
const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';

/** A signer whose key every reader knows. */
export function knownSigner(): Signer {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed, 'hex')]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  return {
    fingerprint: computeFingerprint(publicKey),
    publicKey,
    algorithm: 'ed25519',
    sign: (bytes) => Promise.resolve(sign(null, bytes, key)),
  };
}

type StoryOrder = Partial<PackOrder> & { readonly audited?: StoryPeriod };

/** An order for the month of the story, sealed two days and some hours after its end. */
export function orderOf({ audited = auditedStory(), ...change }: StoryOrder = {}): PackOrder {
  const rotations = change.rotations ?? rotationStory();
  return {
    period: { from, to },
    audit: async (observation) => await auditStory(audited, observation, rotations),
    rotations,
    signer: knownSigner(),
    records: null,
    now: new Date('2026-11-03T06:00:00Z'),
    organisation: 'Acme Industries',
    synthetic: true,
    frameworks: ['soc2', 'iso27001'],
    software: { version: '0.1.0' },
    ...change,
  };
}

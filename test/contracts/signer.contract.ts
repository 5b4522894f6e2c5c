import { describe, expect, it } from 'vitest';
import {
  computeFingerprint,
  openEnvelope,
  sealEnvelope,
  signatureHolds,
} from '../../src/evidence/pack/dsse-envelope.ts';
import type { Signer } from '../../src/evidence/pack/signer.ts';

/** The contract of every signer, run on each adapter: a key file, a Key Vault key. */
export function signerContract(name: string, create: () => Promise<Signer>): void {
  describe(`signer: ${name}`, () => {
    const payload = Buffer.from('{"stated":"this"}');
    const type = 'application/x-test';

    it('identifies its key by the digest of the public key in the pack', async () => {
      const { fingerprint, publicKey } = await create();
      expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
      expect(fingerprint).toBe(computeFingerprint(publicKey));
      expect(fingerprint).toMatch(/^sha256:[0-9a-f]{64}$/);
    });

    it('makes seals that are valid for its public key, repeatedly', async () => {
      const signer = await create();
      for (let times = 0; times < 8; times++) {
        const envelope = openEnvelope(await sealEnvelope(signer, type, payload));
        expect(envelope !== null && signatureHolds(envelope, signer.publicKey)).toBe(true);
      }
    });

    it('signs 64 bytes, of which no bit can be changed', async () => {
      const signer = await create();
      const envelope = openEnvelope(await sealEnvelope(signer, type, payload));
      if (envelope === null) throw new TypeError('The envelope is not canonical.');
      expect(envelope.signature).toHaveLength(64);
      for (let bit = 0; bit < 512; bit++) {
        const signature = Buffer.from(envelope.signature);
        signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(signatureHolds({ ...envelope, signature }, signer.publicKey), `bit ${String(bit)}`).toBe(false);
      }
    });

    it('is valid only for these bytes and this type', async () => {
      const signer = await create();
      const envelope = openEnvelope(await sealEnvelope(signer, type, payload));
      if (envelope === null) throw new TypeError('The envelope is not canonical.');
      expect(signatureHolds({ ...envelope, payload: Buffer.from('{"stated":"that"}') }, signer.publicKey)).toBe(false);
      expect(signatureHolds({ ...envelope, payloadType: 'application/x-tes' }, signer.publicKey)).toBe(false);
      expect(signatureHolds({ ...envelope, fingerprint: `sha256:${'0'.repeat(64)}` }, signer.publicKey)).toBe(false);
    });
  });
}

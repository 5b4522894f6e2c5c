import { createHash, createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../provenance/canonical-json.ts';
import type { Signer } from './signer.ts';

/** What the payload is. Fixed here for all envelopes that carry an in-toto statement. */
export const statementPayloadType = 'application/vnd.in-toto+json';
/** The payload of the archive's index. */
export const indexPayloadType = 'application/vnd.keyturn.archive-index+json';

const envelopeShape = z.strictObject({
  payload: z.string(),
  payloadType: z.string(),
  signatures: z.array(z.strictObject({ keyid: z.string(), sig: z.string() })).length(1),
});

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly fingerprint: string;
  readonly signature: Uint8Array;
}

/** Signs a payload: one DSSE envelope with one signature, canonical, with one line end behind it. */
export async function sealEnvelope(signer: Signer, payloadType: string, payload: Uint8Array): Promise<Uint8Array> {
  const signature = await signer.sign(preAuthenticationEncoding(payloadType, payload));
  return Buffer.from(
    `${canonicalJson({
      payload: Buffer.from(payload).toString('base64'),
      payloadType,
      signatures: [{ keyid: signer.fingerprint, sig: Buffer.from(signature).toString('base64') }],
    })}\n`,
  );
}

/** Reads an envelope in the one form that `sealEnvelope` writes. `null` when a single bit is written in another way. */
export function openEnvelope(bytes: Uint8Array): Envelope | null {
  const text = Buffer.from(bytes).toString('utf8');
  const parsed = envelopeShape.safeParse(parseJson(text));
  const [signed] = parsed.data?.signatures ?? [];
  if (!parsed.success || signed === undefined) return null;
  if (!Buffer.from(`${canonicalJson(parsed.data)}\n`).equals(bytes)) return null;
  const payload = canonicalBase64(parsed.data.payload);
  const signature = canonicalBase64(signed.sig);
  if (payload === null || signature === null) return null;
  return { payloadType: parsed.data.payloadType, payload, fingerprint: signed.keyid, signature };
}

/** Whether the signature holds under this key, in the one form that it may have. Proves nothing of whose key it is. */
export function signatureHolds(
  { payloadType, payload, fingerprint, signature }: Envelope,
  publicKeyPem: string,
): boolean {
  try {
    const key = createPublicKey(publicKeyPem);
    if (fingerprint !== computeFingerprint(publicKeyPem)) return false;
    const bytes = preAuthenticationEncoding(payloadType, payload);
    if (key.asymmetricKeyType === 'ed25519') return verify(null, bytes, key, signature);
    if (key.asymmetricKeyType !== 'ec' || !isLowS(signature)) return false;
    return verify('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    // Neither the key nor the signature need be one: what cannot be read does not hold.
    return false;
  }
}

/** `sha256:` and the digest of the key's SubjectPublicKeyInfo: what `--trust` takes. @throws when the text is no public key. */
export function computeFingerprint(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

/** The order of P-256; of the two signatures (r, s) and (r, order − s) that both hold, only the one with the smaller s counts. */
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

function isLowS(signature: Uint8Array): boolean {
  return signature.byteLength === 64 && decodeS(signature) <= order / 2n;
}

/** A P-256 signature (r and s, 32 bytes each) in the form that counts. */
export function withLowS(signature: Uint8Array): Uint8Array {
  if (isLowS(signature)) return signature;
  const s = (order - decodeS(signature)).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(s, 'hex')]);
}

function decodeS(signature: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`);
}

/** Source: DSSE protocol 1.0, "PAE". */
function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${String(Buffer.byteLength(payloadType))} ${payloadType} ${String(payload.byteLength)} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function canonicalBase64(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

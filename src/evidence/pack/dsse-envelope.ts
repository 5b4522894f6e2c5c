import { createHash, createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../provenance/canonical-json.ts';
import type { Signer } from './signer.ts';

/** The payload type of all envelopes that carry an in-toto statement. */
export const statementPayloadType = 'application/vnd.in-toto+json';
/** The payload type of the archive's index. */
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

/** Signs a payload. Returns a canonical DSSE envelope with one signature, followed by a line end. */
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

/** Parses an envelope in the only form that `sealEnvelope` writes. Returns `null` if any bit differs from that form. */
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

/** Whether the signature is valid for this key and in its only accepted form. This does not show who owns the key. */
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
    // The key or the signature may be malformed; the signature is then invalid.
    return false;
  }
}

/**
 * `sha256:` and the digest of the key's SubjectPublicKeyInfo: the value for `--trust`. @throws if the text is not a
 * public key.
 */
export function computeFingerprint(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

/**
 * The order of P-256; of the two valid signatures (r, s) and (r, order − s), Keyturn accepts only the one with the
 * smaller s.
 */
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

function isLowS(signature: Uint8Array): boolean {
  return signature.byteLength === 64 && decodeS(signature) <= order / 2n;
}

/** Converts a P-256 signature (r and s, 32 bytes each) into the accepted form. */
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

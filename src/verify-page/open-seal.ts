import { canonicalJson, type JsonValue } from '../provenance/canonical-json.ts';
import { newerVersion } from '../records/newer-version.ts';
import type { PackStatement } from '../evidence/pack/pack-statement.ts';
import { isEnvelope, isStatement } from './pack-shapes.ts';

const statementType = 'application/vnd.in-toto+json';

/** What a seal says, and whether the key beside it made its signature. */
export interface OpenedSeal {
  readonly statement: PackStatement | null;
  readonly statementSha256: string;
  /** Why this page does not know such a statement, if a newer version made it; else `null`. */
  readonly newer: string | null;
  /** The public key's own digest; `null` without a key that can be read. */
  readonly fingerprint: string | null;
  /** `Ed25519` or `ECDSA P-256`; `null` if no signature holds. */
  readonly algorithm: string | null;
}

/**
 * Opens a DSSE envelope in its only form, and checks its signature with the public key (PEM). Returns `null` if it is no
 * such envelope. Source: DSSE protocol 1.0; docs/formats.md, "Pack".
 */
export async function openSeal(bytes: Uint8Array, publicKey: string | null): Promise<OpenedSeal | null> {
  const text = utf8(bytes);
  const value = parsedJson(text);
  if (!isEnvelope(value) || text?.endsWith('\n') !== true || !isCanonical(value, text.slice(0, -1))) return null;
  const { payloadType, payload: encoded } = value;
  const [signed] = value.signatures;
  const [payload, signature] = [fromBase64(encoded), fromBase64(signed.sig)];
  if (payload === null || signature === null) return null;
  const key = publicKey === null ? null : fromPem(publicKey);
  const fingerprint = key === null ? null : `sha256:${await sha256(key)}`;
  const isNamed = key !== null && signed.keyid === fingerprint;
  const algorithm = isNamed ? await algorithmThatHolds(key, signature, preAuthentication(payloadType, payload)) : null;
  const statement = payloadType === statementType ? readStatement(payload) : null;
  const stated = parsedJson(utf8(payload));
  const newer = newerVersion(isObject(stated) ? stated['predicate'] : null);
  return { statement, newer, statementSha256: await sha256(payload), fingerprint, algorithm };
}

function isObject(value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readStatement(payload: Uint8Array): PackStatement | null {
  const text = utf8(payload);
  const value = parsedJson(text);
  return isStatement(value) && isCanonical(value, text) ? value : null;
}

/** Source: DSSE protocol 1.0, "PAE". */
function preAuthentication(payloadType: string, payload: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const type = new TextEncoder().encode(payloadType);
  const head = new TextEncoder().encode(
    `DSSEv1 ${String(type.byteLength)} ${payloadType} ${String(payload.byteLength)} `,
  );
  const whole = new Uint8Array(head.byteLength + payload.byteLength);
  whole.set(head);
  whole.set(payload, head.byteLength);
  return whole;
}

async function algorithmThatHolds(
  key: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string | null> {
  const edwards = { name: 'Ed25519' };
  if (await holds(edwards, edwards, { key, signature, bytes })) return 'Ed25519';
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  if (isLowS(signature) && (await holds(curve, { name: 'ECDSA', hash: 'SHA-256' }, { key, signature, bytes })))
    return 'ECDSA P-256';
  return null;
}

interface Signed {
  readonly key: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function holds(
  importAs: { readonly name: string; readonly namedCurve?: string },
  verifyAs: { readonly name: string; readonly hash?: string },
  { key, signature, bytes }: Signed,
): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey('spki', key, importAs, false, ['verify']);
    return await crypto.subtle.verify(verifyAs, imported, signature, bytes);
  } catch {
    // A key of another kind, or a signature of another length.
    return false;
  }
}

/** The order of P-256: of its two valid signatures, a pack carries the one with the smaller s. */
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

function isLowS(signature: Uint8Array): boolean {
  return signature.byteLength === 64 && BigInt(`0x${hexadecimal(signature.subarray(32))}`) <= order / 2n;
}

/** The bytes of a SubjectPublicKeyInfo; `null` if the text is not its PEM. */
function fromPem(pem: string): Uint8Array<ArrayBuffer> | null {
  const body = /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END PUBLIC KEY-----\n?$/.exec(pem)?.[1];
  return body === undefined ? null : fromBase64(body.replaceAll('\n', ''));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const decoded = atob(text);
    return btoa(decoded) === text ? Uint8Array.from(decoded, (one) => one.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexadecimal(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

function hexadecimal(bytes: Uint8Array): string {
  return [...bytes].map((one) => one.toString(16).padStart(2, '0')).join('');
}

/** `null` if the bytes are not UTF-8. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** `undefined` if the text is not JSON. */
export function parsedJson(text: string | null): JsonValue | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as JsonValue);
  } catch {
    return undefined;
  }
}

/** Whether a text is the only form in which this value may be written. */
export function isCanonical(value: JsonValue | undefined, text: string | null): boolean {
  try {
    return value !== undefined && canonicalJson(value) === text;
  } catch {
    // Nested deeper than the call stack: nobody who seals packs wrote it.
    return false;
  }
}

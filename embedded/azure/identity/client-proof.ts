import { constants, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { FederatedCredential } from './entra.ts';

/** The proofs that an application may use. */
export interface ApplicationCredentials {
  readonly secrets: { readonly value: string; readonly expires: Date }[];
  readonly certificates: X509Certificate[];
  readonly federated: FederatedCredential[];
}

/** Why a proof is refused: the number after `AADSTS`, and the part of Entra's text that clients read. */
export interface ProofRefusal {
  readonly code: number;
  readonly text: string;
}

interface Asked {
  readonly clientId: string;
  /** The address of the token endpoint, the required audience of the application's own assertion. */
  readonly endpoint: string;
  readonly now: Date;
}

const bearerAssertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * Checks the proof in a token request: a secret, an assertion signed by a certificate of the application, or an
 * external token that a federated credential matches. Returns `null` if it is valid.
 * Source: Microsoft identity platform, client credentials flow, its three cases; AADSTS codes.
 */
export function refuseProof(form: URLSearchParams, known: ApplicationCredentials, asked: Asked): ProofRefusal | null {
  const secret = form.get('client_secret');
  if (secret !== null) return refuseSecret(secret, known, asked.now);
  const assertion = form.get('client_assertion');
  if (assertion === null) {
    return { code: 7000216, text: "'client_assertion', 'client_secret' or 'request' is required" };
  }
  if (form.get('client_assertion_type') !== bearerAssertion) {
    return { code: 70003, text: 'The client assertion type is not supported' };
  }
  const token = parseToken(assertion);
  if (token === null) return { code: 50027, text: 'JWT token is invalid or malformed' };
  return token.claims['iss'] === asked.clientId
    ? refuseOwnAssertion(token, known, asked)
    : refuseFederated(token, known, asked.now);
}

function refuseSecret(secret: string, { secrets }: ApplicationCredentials, now: Date): ProofRefusal | null {
  const found = secrets.find(({ value }) => value === secret);
  if (found === undefined) return { code: 7000215, text: 'Invalid client secret provided' };
  return found.expires > now ? null : { code: 7000222, text: 'The provided client secret keys are expired' };
}

function refuseOwnAssertion(token: Token, { certificates }: ApplicationCredentials, asked: Asked): ProofRefusal | null {
  const thumbprint = token.header['x5t#S256'];
  const found = certificates.find((certificate) => base64url(certificate.fingerprint256) === thumbprint);
  if (found === undefined || !isSigned(token, found.publicKey)) {
    return { code: 700027, text: 'Client assertion failed signature validation' };
  }
  if (new Date(found.validTo) <= asked.now) return { code: 700027, text: 'The certificate has expired' };
  if (token.claims['aud'] !== asked.endpoint) return { code: 700023, text: 'Client assertion audience claim is wrong' };
  if (token.claims['sub'] !== asked.clientId) return { code: 700021, text: 'Client assertion subject claim is wrong' };
  return refuseTime(token, asked.now);
}

function refuseFederated(token: Token, { federated }: ApplicationCredentials, now: Date): ProofRefusal | null {
  const { iss, sub, aud } = token.claims;
  const issued = federated.filter(({ issuer }) => issuer === iss);
  const none = 'No matching federated identity record found for presented assertion';
  if (issued.length === 0) return { code: 700211, text: `${none} issuer` };
  const about = issued.filter(({ subject }) => subject === sub);
  if (about.length === 0) return { code: 700213, text: `${none} subject` };
  const found = about.find(({ audience }) => audience === aud);
  if (found === undefined) return { code: 700212, text: `${none} audience` };
  if (!isSigned(token, createPublicKey(found.publicKey))) {
    return { code: 50013, text: 'Assertion failed signature validation' };
  }
  return refuseTime(token, now);
}

/** Entra allows five minutes of skew. */
function refuseTime({ claims }: Token, now: Date): ProofRefusal | null {
  const seconds = now.getTime() / 1000;
  const { nbf = 0, exp } = claims;
  const inTime =
    typeof exp === 'number' && exp > seconds - 300 && typeof nbf === 'number' && nbf < seconds + 300 && exp > nbf;
  return inTime ? null : { code: 700024, text: 'Client assertion is not within its valid time range' };
}

interface Token {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

function parseToken(text: string): Token | null {
  const [header = '', claims = '', signature = '', ...rest] = text.split('.');
  if (rest.length > 0 || signature === '') return null;
  try {
    const [first, second] = [header, claims].map(
      (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>,
    );
    if (first === undefined || second === undefined) return null;
    const signed = Buffer.from(`${header}.${claims}`);
    return { header: first, claims: second, signed, signature: Buffer.from(signature, 'base64url') };
  } catch {
    return null;
  }
}

function isSigned({ header, signed, signature }: Token, key: KeyObject): boolean {
  if (header['alg'] === 'RS256') return verify('sha256', signed, key, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return header['alg'] === 'PS256' && verify('sha256', signed, { key, padding, saltLength: 32 }, signature);
}

function base64url(fingerprint: string): string {
  return Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
}

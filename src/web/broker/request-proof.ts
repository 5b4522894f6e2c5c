import { hash } from 'node:crypto';
import { calculateJwkThumbprint, EmbeddedJWK, errors, jwtVerify } from 'jose';
import { ServiceError } from '../../service-error.ts';
import type { RequestProof } from './broker-port.ts';

/** A request as it arrived, with the proof in its `DPoP` header. */
export interface SignedRequest {
  readonly proof: string | null;
  readonly method: string;
  readonly url: string;
  readonly body: Uint8Array;
}

/** A runner's clock may be off by as much. A request that is sent again within this time is known by its id. */
const clockSlackSeconds = 300;

/**
 * Checks that a request was signed with the private key of the public key in its proof, for this method and address, at this
 * time, and over this body. The form is RFC 9449 (DPoP) with one claim of our own, `body`: base64url of the body's sha256.
 * Only Ed25519 keys count. @throws ServiceError `BROKER_PROOF_REFUSED` with the reason.
 */
export async function verifyRequestProof(request: SignedRequest, now: Date): Promise<RequestProof> {
  if (request.proof === null) throw refused('the header DPoP is missing');
  const { payload, key } = await verified(request.proof, now);
  const { htm, htu, jti, body } = payload;
  if (htm !== request.method) throw refused('it is for another method');
  if (typeof htu !== 'string' || !isSameAddress(htu, request.url)) throw refused('it is for another address');
  if (body !== hash('sha256', request.body, 'base64url')) throw refused('it is for another body');
  if (typeof jti !== 'string' || !/^[\w-]{8,64}$/.test(jti)) throw refused('its id has no valid form');
  return { key, id: jti };
}

async function verified(proof: string, now: Date) {
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['EdDSA', 'Ed25519'],
      requiredClaims: ['iat', 'jti', 'htm', 'htu', 'body'],
      maxTokenAge: clockSlackSeconds,
      clockTolerance: clockSlackSeconds,
      currentDate: now,
    });
    const { jwk } = protectedHeader;
    if (jwk === undefined) throw refused('it names no key');
    return { payload, key: await calculateJwkThumbprint(jwk) };
  } catch (cause) {
    if (ServiceError.is(cause)) throw cause;
    // jose's codes are closed words, never text of the request.
    const isOfAnotherTime =
      cause instanceof errors.JWTExpired ||
      (cause instanceof errors.JWTClaimValidationFailed && cause.claim === 'iat' && cause.reason === 'check_failed');
    if (isOfAnotherTime) throw refused("its time is too far from this service's: set the clock of the runner", cause);
    const reason = cause instanceof errors.JOSEError ? cause.code : 'it cannot be checked';
    throw new ServiceError('BROKER_PROOF_REFUSED', { reason }, { cause });
  }
}

/** Compares path and query alone: a server after a proxy does not know by which host it was called. */
function isSameAddress(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  return a !== null && b !== null && a.pathname === b.pathname && a.search === b.search;
}

function refused(reason: string, cause?: unknown): ServiceError {
  return new ServiceError('BROKER_PROOF_REFUSED', { reason }, { cause });
}

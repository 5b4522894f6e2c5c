import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import type { AccessTokenSource } from './access-token.ts';
import type { IdentityPorts } from './identity-ports.ts';
import { entraToken } from './entra-token.ts';
import type { IdentityConfiguration } from '../configuration/fetch-configuration.ts';
import { exchangeFailure } from '../http-exchange.ts';

const kind = 'service-principal';
type ServicePrincipal = Extract<IdentityConfiguration, { kind: 'service-principal' }>;

/** A service principal with a secret or a certificate. Its secret needs rotation itself; other kinds do not. */
export function servicePrincipal(ports: IdentityPorts, identity: ServicePrincipal): AccessTokenSource {
  return async (resource) => await entraToken(ports, { ...identity, resource, proof: buildProof(ports, identity) });
}

function buildProof({ runtime }: IdentityPorts, identity: ServicePrincipal): Readonly<Record<string, string>> {
  const { certificateFile, secretFile, secretVariable } = identity;
  if (certificateFile !== null) {
    return {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion(read(certificateFile), identity, runtime.now(), runtime.nonce(16)),
    };
  }
  if (secretFile !== null) return { client_secret: read(secretFile).trim() };
  const secret = runtime.environment[secretVariable ?? ''] ?? '';
  if (secret !== '') return { client_secret: secret };
  throw new ServiceError('IDENTITY_FILE_UNREADABLE', { kind, file: `$${secretVariable ?? ''}`, reason: 'NOT_SET' });
}

/**
 * A JWT that Entra accepts instead of a secret: PS256, with the certificate's SHA-256 thumbprint, valid for ten
 * minutes.
 * Source: Microsoft identity platform, certificate credentials.
 */
function assertion(pem: string, identity: ServicePrincipal, now: Date, id: string): string {
  try {
    const thumbprint = new X509Certificate(pem).fingerprint256.replaceAll(':', '');
    const issuedAt = Math.floor(now.getTime() / 1000);
    const header = { alg: 'PS256', typ: 'JWT', 'x5t#S256': Buffer.from(thumbprint, 'hex').toString('base64url') };
    const claims = {
      aud: `${identity.authority}/${identity.tenantId}/oauth2/v2.0/token`,
      iss: identity.clientId,
      sub: identity.clientId,
      jti: id,
      nbf: issuedAt,
      iat: issuedAt,
      exp: issuedAt + 600,
    };
    const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    // 6 is RSA_PKCS1_PSS_PADDING; the salt has the digest's length.
    const key = { key: createPrivateKey(pem), padding: 6, saltLength: 32 };
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  } catch (cause) {
    const detail = { kind, file: identity.certificateFile ?? '', reason: 'NO_CERTIFICATE_WITH_RSA_KEY' };
    throw new ServiceError('IDENTITY_FILE_UNREADABLE', detail, { cause });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ServiceError('IDENTITY_FILE_UNREADABLE', { kind, file, reason: exchangeFailure(cause) }, { cause });
  }
}

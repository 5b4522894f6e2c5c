import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { SecretBinding } from '../../secrets/policy.ts';
import { extractErrorCode } from '../shared/provider-fault.ts';
import { oneOf, optional, orNull, text } from '../shared/target-fields.ts';
import { type TargetFault, targetRefused } from '../shared/target-shape.ts';

/**
 * How a driver reaches a server. `off` is accepted only for loopback addresses. `authority`: PEM of the certificates
 * that the server's certificate must lead to; `null` for those of the system.
 */
export type ServerTls = 'off' | { readonly authority: string | null };

interface TlsTarget {
  readonly host: string;
  readonly tls: 'verify' | 'off';
  readonly authority: string | null;
  readonly authorityFile: string | null;
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3})$/;
const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The target fields about TLS. A private authority is written into the policy, or into a file that the service reads. */
export const tlsFields = {
  tls: optional(oneOf(['verify', 'off']), 'verify'),
  authority: orNull(text(/[\s\S]{1,50000}/, 'certificates in PEM')),
  authorityFile: orNull(text(/\/[^\0\n]{1,1000}/, 'the full path of a file')),
};

/** Faults between the fields about TLS. */
export function tlsFaults({ host, tls, authority, authorityFile }: TlsTarget): readonly TargetFault[] {
  const faults: TargetFault[] = [];
  if (tls === 'off' && !loopback.test(host))
    faults.push({ place: 'target.tls', reason: 'must be verify: the server is not on this machine' });
  if (tls === 'off' && (authority ?? authorityFile) !== null)
    faults.push({ place: 'target.tls', reason: 'must be verify where an authority is named' });
  if (authority !== null && authorityFile !== null)
    faults.push({ place: 'target.authorityFile', reason: 'must not be beside authority' });
  if (authority !== null && !holdsCertificates(authority))
    faults.push({ place: 'target.authority', reason: 'must be certificates in PEM' });
  return faults;
}

/** For drivers that compare a certificate only with a name: an address would be checked against `localhost`. */
export function nameFaults({ host, tls }: Pick<TlsTarget, 'host' | 'tls'>): readonly TargetFault[] {
  return tls === 'off' || isIP(host) === 0
    ? []
    : [{ place: 'target.host', reason: 'must be a name: the driver checks no certificate for an address' }];
}

/** Reads the authority's file anew for each session, so that a renewed file needs no restart. */
export async function readServerTls(
  issuer: string,
  binding: SecretBinding,
  { tls, authority, authorityFile }: TlsTarget,
): Promise<ServerTls> {
  if (tls === 'off') return 'off';
  if (authorityFile === null) return { authority };
  let pem: string;
  try {
    pem = await readFile(authorityFile, 'utf8');
  } catch (error) {
    const reason = `could not be read: ${extractErrorCode(error)}`;
    throw targetRefused(issuer, binding, 'target.authorityFile', reason);
  }
  if (!holdsCertificates(pem))
    throw targetRefused(issuer, binding, 'target.authorityFile', 'does not hold certificates in PEM');
  return { authority: pem };
}

/** Node's options for a verified connection. */
export function tlsOptions({ authority }: Exclude<ServerTls, 'off'>) {
  return { rejectUnauthorized: true, ...(authority === null ? {} : { ca: authority }) };
}

function holdsCertificates(pem: string): boolean {
  const found = pem.match(certificate) ?? [];
  try {
    return found.length > 0 && found.every((one) => new X509Certificate(one).raw.length > 0);
  } catch {
    // OpenSSL's message is about the text.
    return false;
  }
}

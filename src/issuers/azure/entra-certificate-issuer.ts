import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import {
  endOf,
  entraApplication,
  type EntraCredential,
  entraFields,
  entraPolicyCodes,
  isSettling,
  type EntraTarget,
  type EntraPorts,
} from './entra-application.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { refused } from '../shared/refused.ts';
import { withPolicyNamed } from '../shared/refused-by-policy.ts';
import { requireKeyId } from './require-key-id.ts';
import {
  type KeyWithCertificate,
  newSelfSignedCertificate,
  readKeyWithCertificate,
  signedAssertion,
} from './self-signed-certificate.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';

const name = 'entra-certificate';
const shape = targetShape(name, entraFields);
// The certificate is not registered with the application, or not propagated yet.
const unknownCertificate = 700027;
// The audience of a proof of possession: Azure AD Graph's old id, which Graph still requires.
const proofAudience = '00000002-0000-0000-c000-000000000000';
const proofMs = 600_000;

interface CertificatePorts extends EntraPorts {
  readonly randomBytes: RandomBytes;
}

interface Ports extends CertificatePorts {
  readonly entra: ReturnType<typeof entraApplication>;
}

/**
 * Issues and revokes certificates of an Entra application. Keyturn creates key and certificate, so they are staged
 * before Graph receives the certificate. Graph adds or removes a certificate only with a proof signed by a known
 * certificate, so an operator adds the first one by hand.
 */
export function entraCertificateIssuer(certificatePorts: CertificatePorts): CredentialIssuer {
  const { randomBytes } = certificatePorts;
  const entra = entraApplication(name, certificatePorts);
  const ports: Ports = { ...certificatePorts, entra };

  return {
    name,
    credentialClass: 'chosen',
    check: shape.check,
    propose: (request) =>
      newSelfSignedCertificate(
        credentialName(request.binding, request.rotationId),
        request.now,
        endOf(request),
        randomBytes,
      ),
    issue: (request, proposed) => issue(ports, request, proposed),
    verify: (request, credential) => verify(ports, request, credential),
    describe: async (request) => {
      const found = await ours(ports, request);
      return found === undefined
        ? { outcome: 'absent' }
        : { outcome: 'present', credentialId: found.keyId, value: null };
    },
    list: async (binding, signal) =>
      (await listCertificates(entra, { binding, signal })).flatMap(({ keyId, displayName }) => {
        const rotationId = parseCredentialName(displayName, binding);
        return rotationId === null ? [] : [{ credentialId: keyId, rotationId }];
      }),
    revoke: async (request, credentialId) => {
      requireKeyId(request.binding, credentialId);
      if (!(await listCertificates(entra, request)).some(({ keyId }) => keyId === credentialId))
        return { outcome: 'absent' };
      const body = { keyId: credentialId, proof: signProof(request) };
      await entra.act(shape.read(request.binding), 'removeKey', body, request);
      return { outcome: 'revoked' };
    },
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(ports: Ports, request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
  const target = shape.read(request.binding);
  const own = proposed === null ? null : readKeyWithCertificate(proposed);
  if (proposed === null || own === null)
    throw targetRefused(name, request.binding, 'value', 'is not a key with its certificate');
  const there = await ours(ports, request);
  if (there !== undefined) return { credentialId: there.keyId, value: proposed };
  const keyCredential = {
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
    key: own.certificate.raw.toString('base64'),
    displayName: credentialName(request.binding, request.rotationId),
    endDateTime: own.certificate.validToDate.toISOString(),
  };
  const body = { keyCredential, passwordCredential: null, proof: signProof(request) };
  const made = await withPolicyNamed(request.binding, entraPolicyCodes, () =>
    ports.entra.act(target, 'addKey', body, request),
  );
  const keyId = made.get('keyId');
  if (typeof keyId === 'string') return { credentialId: keyId, value: proposed };
  const details = { issuer: name, provider: `applications/${target.application}`, reason: 'the answer has no key id' };
  throw new ServiceError('PROVIDER_ANSWER_UNCLEAR', details);
}

async function verify(
  ports: Ports,
  request: IssueRequest,
  { credentialId, value }: IssuedCredential,
): Promise<Verification> {
  const target = shape.read(request.binding);
  const own = readKeyWithCertificate(value);
  if (own === null) return refused(false, 'it is not a key with its certificate');
  const listed = (await listCertificates(ports.entra, request)).find(({ keyId }) => keyId === credentialId);
  const settles = listed !== undefined && isSettling(listed, request);
  // An assertion is accepted once, so each try has its own.
  const prove = () => signLoginAssertion(ports, target, own, request.now);
  const entered = await ports.entra.signIn(target, prove, { signal: request.signal, settles });
  if (listed === undefined) return refused(entered.outcome === 'in', 'the application has no certificate of this id');
  if (entered.outcome === 'refused') {
    if (entered.number === unknownCertificate)
      return { outcome: 'not-yet', reason: 'Entra does not know the certificate yet' };
    return refused(false, `Entra refuses it: AADSTS${String(entered.number ?? '')}`);
  }
  if (entered.clientId.toLowerCase() !== target.clientId.toLowerCase())
    return refused(true, 'it belongs to another application');
  return {
    outcome: 'works',
    principal: target.clientId,
    notes: [`tenant ${target.tenant}`, `SHA-1 ${own.certificate.fingerprint}`],
  };
}

async function listCertificates(
  entra: Ports['entra'],
  { binding, signal }: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<readonly EntraCredential[]> {
  return await entra.credentials(shape.read(binding), 'keyCredentials', signal);
}

async function ours(ports: Ports, request: IssueRequest): Promise<EntraCredential | undefined> {
  const wanted = credentialName(request.binding, request.rotationId);
  return (await listCertificates(ports.entra, request)).find(({ displayName }) => displayName === wanted);
}

function signLoginAssertion(
  ports: Ports,
  { tenant, clientId }: EntraTarget,
  own: KeyWithCertificate,
  now: Date,
): Record<string, string> {
  const audience = `${ports.authority.replace(/\/+$/, '')}/${tenant}/oauth2/v2.0/token`;
  const jti = Buffer.from(ports.randomBytes(16)).toString('hex');
  const claims = { aud: audience, iss: clientId, sub: clientId, jti, ...validity(now) };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: signedAssertion(own, claims),
  };
}

/** The proof is signed with the certificate in force: the old one before publication, the new one to revoke the old. */
function signProof({ binding, current, now }: IssueRequest): string {
  const own = current === null ? null : readKeyWithCertificate(current);
  if (own === null)
    throw targetRefused(
      name,
      binding,
      'value',
      'in force is not a key with a certificate: add the first certificate by hand',
    );
  return signedAssertion(own, { aud: proofAudience, iss: shape.read(binding).application, ...validity(now) });
}

function validity(now: Date): { readonly nbf: number; readonly exp: number } {
  const seconds = Math.floor(now.getTime() / 1000);
  return { nbf: seconds - 60, exp: seconds + proofMs / 1000 };
}

import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import {
  endOf,
  entraApplication,
  type EntraCredential,
  entraFields,
  entraPolicyCodes,
  isSettling,
  type EntraPorts,
} from './entra-application.ts';
import { requireKeyId } from './require-key-id.ts';
import { refused } from '../shared/refused.ts';
import { withPolicyNamed } from '../shared/refused-by-policy.ts';
import { targetShape } from '../shared/target-shape.ts';

const name = 'entra-password';
const shape = targetShape(name, entraFields);
// Invalid client secret: the code Entra returns for an unknown password, whether not yet propagated or already deleted.
const unknownPassword = 7000215;

type Entra = ReturnType<typeof entraApplication>;

/**
 * Issues passwords of an Entra application, with a name that contains the rotation and an expiry, and revokes them by
 * key id.
 */
export function entraPasswordIssuer(ports: EntraPorts): CredentialIssuer {
  const entra = entraApplication(name, ports);

  return {
    name,
    credentialClass: 'minted',
    check: shape.check,
    propose: () => null,
    issue: (request) => issue(entra, request),
    verify: (request, credential) => verify(entra, request, credential),
    describe: async (request) => {
      const wanted = credentialName(request.binding, request.rotationId);
      const password = (await listPasswords(entra, request)).find(({ displayName }) => displayName === wanted);
      return password === undefined
        ? { outcome: 'absent' }
        : { outcome: 'present', credentialId: password.keyId, value: null };
    },
    list: async (binding, signal) =>
      (await listPasswords(entra, { binding, signal })).flatMap(({ keyId, displayName }) => {
        const rotationId = parseCredentialName(displayName, binding);
        return rotationId === null ? [] : [{ credentialId: keyId, rotationId }];
      }),
    revoke: async (request, credentialId) => {
      requireKeyId(request.binding, credentialId);
      const there = (await listPasswords(entra, request)).some(({ keyId }) => keyId === credentialId);
      if (!there) return { outcome: 'absent' };
      await entra.act(shape.read(request.binding), 'removePassword', { keyId: credentialId }, request);
      return { outcome: 'revoked' };
    },
    // Sign-in logs show it, but they need a licence and rights that a rotator should not have.
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(entra: Entra, request: IssueRequest): Promise<IssuedCredential> {
  const target = shape.read(request.binding);
  const displayName = credentialName(request.binding, request.rotationId);
  const unclear = (reason: string) =>
    new ServiceError('PROVIDER_ANSWER_UNCLEAR', {
      issuer: name,
      provider: `applications/${target.application}`,
      reason,
    });
  // Graph accepts a name twice, so a retry could create a second password of this rotation.
  if ((await listPasswords(entra, request)).some((one) => one.displayName === displayName))
    throw unclear('there is one of this name');
  const passwordCredential = { displayName, endDateTime: endOf(request).toISOString() };
  const made = await withPolicyNamed(request.binding, entraPolicyCodes, () =>
    entra.act(target, 'addPassword', { passwordCredential }, request),
  );
  const keyId = made.get('keyId');
  const secret = made.get('secretText');
  if (typeof keyId !== 'string' || typeof secret !== 'string' || secret === '')
    throw unclear('no secret in the answer');
  return { credentialId: keyId, value: new SecretValue(secret) };
}

async function verify(
  entra: Entra,
  request: IssueRequest,
  { credentialId, value }: IssuedCredential,
): Promise<Verification> {
  const target = shape.read(request.binding);
  const plaintext = value.reveal();
  const listed = (await listPasswords(entra, request)).find(({ keyId }) => keyId === credentialId);
  const settles = listed !== undefined && isSettling(listed, request);
  const prove = () => ({ client_secret: plaintext });
  const entered = await entra.signIn(target, prove, { signal: request.signal, settles });
  if (listed === undefined) return refused(entered.outcome === 'in', 'the application has no password of this id');
  if (listed.hint !== null && listed.hint !== plaintext.slice(0, 3))
    return refused(entered.outcome === 'in', 'the password of this id is another');
  if (entered.outcome === 'refused') {
    // A new password takes seconds, rarely minutes, to propagate.
    if (entered.number === unknownPassword)
      return { outcome: 'not-yet', reason: 'Entra does not know the password yet' };
    return refused(false, `Entra refuses it: AADSTS${String(entered.number ?? '')}`);
  }
  if (entered.clientId.toLowerCase() !== target.clientId.toLowerCase())
    return refused(true, 'it belongs to another application');
  return { outcome: 'works', principal: target.clientId, notes: [`tenant ${target.tenant}`] };
}

async function listPasswords(
  entra: Entra,
  { binding, signal }: Pick<IssueRequest, 'binding' | 'signal'>,
): Promise<readonly EntraCredential[]> {
  return await entra.credentials(shape.read(binding), 'passwordCredentials', signal);
}

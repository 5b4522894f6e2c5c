import { jsonProperties } from '../../gitea/json-properties.ts';
import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import { type AlphabetName, alphabets, countBits, type RandomBytes, randomText } from '../shared/random-text.ts';
import type { ReadSecret } from '../shared/read-secret.ts';
import { refused } from '../shared/refused.ts';
import { oneOf, optional, text, wholeNumber } from '../shared/target-fields.ts';
import { targetRefused, targetShape } from '../shared/target-shape.ts';
import { webhookCall, type WebhookEndpoint, type WebhookVerb } from './webhook-call.ts';

const fields = {
  /** Origin and path of the operator's endpoint. */
  url: text(/https?:\/\/[^\s?#@]{1,400}[^\s?#@/]/, 'an address without user, query, fragment or a slash at its end'),
  network: optional(oneOf(['public', 'private', 'loopback']), 'public'),
  /** What the endpoint rotates, in the endpoint's terms. */
  target: text(/[\x21-\x7e]{1,200}/, 'up to 200 printable characters'),
  /** The principal that the endpoint must return for a working credential. */
  principal: text(/[\x20-\x7e]{1,200}/, 'up to 200 printable characters'),
  /** The secret that signs Keyturn's requests. */
  signingKey: text(/[0-9a-z-]{1,64}\/[0-9A-Za-z-]{1,127}/, 'a secret as vault/name'),
  length: optional(wholeNumber(8, 4096), 40),
  alphabet: optional(oneOf(Object.keys(alphabets) as AlphabetName[]), 'alphanumeric'),
};

interface WebhookPorts {
  /** `webhook`: Keyturn creates the value. `webhook-minted`: the endpoint does. */
  readonly name: 'webhook' | 'webhook-minted';
  readonly readSecret: ReadSecret;
  readonly randomBytes: RandomBytes;
}

/** What both kinds of webhook issuer accept as a target. */
function webhookShape(name: WebhookPorts['name']) {
  return targetShape(name, fields, ({ url, network, length, alphabet }) => [
    ...(url.startsWith('https:') || network === 'loopback' ? [] : [{ place: 'target.url', reason: 'must be https' }]),
    ...(URL.parse(url)?.href.replace(/\/$/, '') === url
      ? []
      : [{ place: 'target.url', reason: 'is not in its normal form' }]),
    ...(countBits(length, alphabets[alphabet]) >= 112
      ? []
      : [{ place: 'target.length', reason: 'yields too few bits' }]),
  ]);
}

interface Ports extends Pick<WebhookPorts, 'name' | 'readSecret'> {
  readonly minted: boolean;
  readonly shape: ReturnType<typeof webhookShape>;
}

/** Issues credentials through an operator's own endpoint. docs/issuers.md describes the protocol. */
export function webhookIssuer({ name, readSecret, randomBytes }: WebhookPorts): CredentialIssuer {
  const minted = name === 'webhook-minted';
  const shape = webhookShape(name);
  const ports: Ports = { name, minted, shape, readSecret };
  return {
    name,
    credentialClass: minted ? 'minted' : 'chosen',
    check: shape.check,
    propose: ({ binding }) => {
      const { length, alphabet } = shape.read(binding);
      return minted ? null : new SecretValue(randomText(length, alphabets[alphabet], randomBytes));
    },
    issue: (request, proposed) => issue(ports, request, proposed),
    verify: (request, credential) => verify(ports, request, credential),
    describe: async (request) => {
      const wanted = credentialName(request.binding, request.rotationId);
      const found = (await named(ports, request)).find((one) => one.name === wanted);
      return found === undefined
        ? { outcome: 'absent' }
        : { outcome: 'present', credentialId: found.credentialId, value: null };
    },
    list: async (binding, signal) =>
      (await named(ports, { binding, signal, now: new Date(), rotationId: 'list' })).flatMap(
        ({ credentialId, name: one }) => {
          const rotationId = parseCredentialName(one, binding);
          return rotationId === null ? [] : [{ credentialId, rotationId }];
        },
      ),
    revoke: async (request, credentialId) => {
      requireId(ports, request.binding, credentialId);
      const answer = await call(
        ports,
        request,
        'revoke',
        `${request.rotationId}.revoke.${String(request.now.getTime())}`,
        {
          credentialId,
        },
      );
      const outcome = answer.get('outcome');
      if (outcome === 'revoked' || outcome === 'absent') return { outcome };
      throw malformed(ports, request.binding, 'outcome');
    },
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(ports: Ports, request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
  const { binding, rotationId } = request;
  const body = { name: credentialName(binding, rotationId) };
  if (ports.minted) {
    const answer = await call(ports, request, 'create', rotationId, body);
    const value = answer.get('value');
    if (typeof value === 'string' && value !== '')
      return { credentialId: idIn(ports, binding, answer), value: new SecretValue(value) };
    throw malformed(ports, binding, 'value');
  }
  ports.shape.read(binding);
  if (proposed === null) throw targetRefused(ports.name, binding, 'value', 'is missing');
  const answer = await call(ports, request, 'apply', rotationId, { ...body, value: proposed.reveal() });
  return { credentialId: idIn(ports, binding, answer), value: proposed };
}

async function verify(
  ports: Ports,
  request: IssueRequest,
  { credentialId, value }: IssuedCredential,
): Promise<Verification> {
  const { url, principal } = ports.shape.read(request.binding);
  const answer = await call(ports, request, 'verify', `${request.rotationId}.verify.${String(request.now.getTime())}`, {
    credentialId,
    value: value.reveal(),
  });
  switch (answer.get('outcome')) {
    case 'works': {
      const said = answer.get('principal');
      return said === principal
        ? { outcome: 'works', principal, notes: [new URL(url).host] }
        : refused(true, "it belongs to another principal than the target's");
    }
    case 'not-yet':
      return { outcome: 'not-yet', reason: 'the endpoint answered not-yet' };
    case 'refused':
      // Only an explicit statement that the sign-in failed shows that a credential is dead.
      return refused(answer.get('authenticated') !== false, 'the endpoint refuses it');
    default:
      throw notUnderstood(ports, request.binding, 'outcome');
  }
}

async function named(
  ports: Ports,
  request: Pick<IssueRequest, 'binding' | 'signal' | 'now' | 'rotationId'>,
): Promise<readonly { readonly credentialId: string; readonly name: string }[]> {
  const answer = await call(
    ports,
    request,
    'describe',
    `${request.rotationId}.describe.${String(request.now.getTime())}`,
    {},
  );
  const credentials = answer.get('credentials');
  if (!Array.isArray(credentials)) throw notUnderstood(ports, request.binding, 'credentials');
  return credentials.map(jsonProperties).flatMap((one) => {
    const [credentialId, given] = [one.get('credentialId'), one.get('name')];
    return typeof credentialId === 'string' && typeof given === 'string' ? [{ credentialId, name: given }] : [];
  });
}

async function call(
  ports: Ports,
  { binding, signal, now, deadline }: Pick<IssueRequest, 'binding' | 'signal' | 'now' | 'deadline'>,
  verb: WebhookVerb,
  id: string,
  body: Readonly<Record<string, unknown>>,
): Promise<ReadonlyMap<string, unknown>> {
  const { url, network, target, signingKey } = ports.shape.read(binding);
  const endpoint: WebhookEndpoint = { base: url, network, signingKey: await ports.readSecret(signingKey, signal) };
  const answer = await webhookCall(endpoint, {
    issuer: ports.name,
    verb,
    id,
    now,
    signal,
    deadline,
    body: { target, ...body },
    statuses: [409, 422],
  });
  const details = { issuer: ports.name, provider: new URL(url).host };
  switch (answer.status) {
    case 200:
      return jsonProperties(answer.body);
    case 202:
    case 409:
      // The request is in progress, or a credential of this name exists, for example from an earlier attempt whose
      // answer was lost.
      throw new ServiceError('PROVIDER_ANSWER_UNCLEAR', { ...details, reason: `status ${String(answer.status)}` });
    case 422:
      throw new ServiceError('CREDENTIAL_REFUSED_BY_PROVIDER_POLICY', {
        issuer: ports.name,
        secret: `${binding.vault}/${binding.name}`,
      });
    default:
      throw new ServiceError('PROVIDER_REQUEST_REFUSED', { ...details, reason: `status ${String(answer.status)}` });
  }
}

function idIn(ports: Ports, binding: SecretBinding, answer: ReadonlyMap<string, unknown>): string {
  const id = answer.get('credentialId');
  if (typeof id === 'string' && isId(id)) return id;
  throw malformed(ports, binding, 'credentialId');
}

function requireId(ports: Ports, binding: SecretBinding, id: string): void {
  if (!isId(id)) throw targetRefused(ports.name, binding, 'CredentialId', 'is not a valid credential id');
}

/** The credential may exist with an unknown id; only `describe` can tell. */
function malformed(ports: Ports, binding: SecretBinding, place: string): ServiceError {
  const provider = new URL(ports.shape.read(binding).url).host;
  return new ServiceError('PROVIDER_ANSWER_UNCLEAR', {
    issuer: ports.name,
    provider,
    reason: `the answer has no ${place}`,
  });
}

function notUnderstood(ports: Ports, binding: SecretBinding, place: string): ServiceError {
  const provider = new URL(ports.shape.read(binding).url).host;
  return new ServiceError('PROVIDER_ANSWER_MALFORMED', { issuer: ports.name, provider, place });
}

function isId(id: string): boolean {
  return /^[A-Za-z1-9][\w.:#@-]{0,127}$/.test(id);
}

import type { GiteaClient } from '../../gitea/gitea-client.ts';
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
import { type GiteaHook, parseGiteaHook } from './gitea-hook.ts';
import { eventFaults, listensTo } from './hook-events.ts';
import { type GiteaList, giteaList, repositoryPath } from './gitea-list.ts';
import type { OwnReceiver } from '../shared/hook-deliveries.ts';
import { alphabets, type RandomBytes, randomText } from '../shared/random-text.ts';
import { refused } from '../shared/refused.ts';
import { oneOf, optional, orNull, text, texts, yesOrNo } from '../shared/target-fields.ts';
import { type TargetFault, targetShape } from '../shared/target-shape.ts';

const shape = targetShape(
  'gitea-webhook-secret',
  {
    repository: orNull(text(/[\w.-]{1,100}\/[\w.-]{1,100}/, 'a repository as owner/name')),
    organisation: orNull(text(/[\w.-]{1,40}/, "an organisation's name")),
    /** A system webhook, of the whole Gitea. */
    system: optional(yesOrNo(), false),
    /** The hook's delivery address, without a query. */
    url: text(/https?:\/\/[^\s?#]{1,500}/, 'an http or https address without ? and #'),
    /** `keyturn`: Keyturn itself is the receiver and can wait for a delivery. */
    receiver: optional(oneOf(['keyturn', 'other']), 'other'),
    events: texts(/[a-z_]{1,40}/, 'events such as workflow_job'),
  },
  ({ repository, organisation, system, events }) => {
    const isOne = [repository !== null, organisation !== null, system].filter(Boolean).length === 1;
    const place = { place: 'target', reason: 'must have exactly one of repository, organisation and system: true' };
    return [...(isOne ? [] : [place]), ...eventFaults(events)];
  },
);

interface Ports {
  readonly gitea: GiteaClient;
  readonly randomBytes: RandomBytes;
  /** Keyturn's own receiver; `null` if it has none. */
  readonly ownReceiver: OwnReceiver | null;
}

/**
 * Rotates the secret that signs a webhook's deliveries. Gitea cannot change a hook's secret, so the issuer creates a
 * second hook, waits for its delivery if Keyturn is the receiver, and deletes the old hook after the grace. Both
 * deliver in the meantime. The hook's address contains the rotation in its query, because hooks have no name before
 * Gitea 1.27.
 */
export function giteaWebhookSecretIssuer(ports: Ports): CredentialIssuer {
  return {
    name: 'gitea-webhook-secret',
    credentialClass: 'chosen',
    check: (binding) => [...shape.check(binding), ...receiverFaults(ports, binding)],
    propose: () => new SecretValue(randomText(48, alphabets.alphanumeric, ports.randomBytes)),
    issue: (request, proposed) => issue(ports, request, proposed),
    verify: (request, credential) => verify(ports, request, credential),
    describe: async (request) => {
      const hook = await ours(ports, request);
      return hook === null ? { outcome: 'absent' } : { outcome: 'present', credentialId: String(hook.id), value: null };
    },
    list: async (binding, signal) =>
      (await hooksOf(ports, binding).all(signal)).flatMap(({ id, url }) => {
        const rotationId = parseCredentialName(URL.parse(url)?.searchParams.get('keyturn') ?? '', binding);
        return rotationId === null ? [] : [{ credentialId: String(id), rotationId }];
      }),
    revoke: async (request, credentialId) =>
      hooksOf(ports, request.binding).remove(request.binding, credentialId, request),
    lastUsed: () => Promise.resolve(null),
  };
}

async function issue(ports: Ports, request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
  const { binding } = request;
  const { events, system } = shape.read(binding);
  if (proposed === null) throw refusedValue(binding);
  // Gitea never returns a hook's secret. This rotation has only the staged value, so a hook of this name has that
  // secret.
  const there = await ours(ports, request);
  if (there !== null) return { credentialId: String(there.id), value: proposed };
  const hooks = hooksOf(ports, binding);
  const config = { url: addressOf(request), content_type: 'json', secret: proposed.reveal() };
  const body = {
    type: 'gitea',
    active: true,
    events,
    config: system ? { ...config, is_system_webhook: 'true' } : config,
  };
  const hook = parseGiteaHook(await hooks.add(body, request), { gitea: ports.gitea.url, path: hooks.path });
  return { credentialId: String(hook.id), value: proposed };
}

async function verify(ports: Ports, request: IssueRequest, credential: IssuedCredential): Promise<Verification> {
  const { binding, signal } = request;
  const { url, events, repository, receiver } = shape.read(binding);
  const hooks = hooksOf(ports, binding);
  const hook = (await hooks.all(signal)).find(({ id }) => String(id) === credential.credentialId);
  if (hook === undefined) return refused(false, 'no hook has this id');
  if (hook.url.split('?')[0] !== url) return refused(true, "the hook's address differs from the target's");
  if (!hook.active || !listensTo(hook.events, events))
    return refused(true, "the hook's events differ from the target's");
  const notes = [ports.gitea.url, `events ${events.join(' ')}`];
  const deliveries = receiver === 'keyturn' && receivesAt(ports, url) ? ports.ownReceiver?.deliveries : undefined;
  if (deliveries === undefined)
    return { outcome: 'works', principal: url, notes: [...notes, 'no delivery could be seen'] };
  if (await deliveries.seen({ secret: credential.value, signal: null })) return works('a delivery was seen');
  // Gitea can only test hooks of repositories; for others the next event is the test.
  if (repository !== null) await ports.gitea.request('POST', `${hooks.path}/${String(hook.id)}/tests`, { signal });
  if (await deliveries.seen({ secret: credential.value, signal })) return works('a delivery was seen');
  return { outcome: 'not-yet', reason: 'no delivery with this secret has arrived' };

  function works(note: string): Verification {
    return { outcome: 'works', principal: url, notes: [...notes, note] };
  }
}

/** Deliveries to another receiver never arrive here, so waiting for one would never end. */
function receiverFaults(ports: Ports, { target: { receiver, url } }: SecretBinding): readonly TargetFault[] {
  if (receiver !== 'keyturn' || typeof url !== 'string' || receivesAt(ports, url)) return [];
  const addresses = ports.ownReceiver === null ? [] : ports.ownReceiver.addresses;
  if (addresses === null) return [];
  const reason =
    addresses.length === 0
      ? 'needs KEYTURN_GITEA_WEBHOOK_SECRET to be keyturn: nothing is received without it'
      : `must be other: Keyturn receives at ${addresses.join(' and ')} (KEYTURN_PUBLIC_URL)`;
  return [{ place: 'target.receiver', reason }];
}

function receivesAt(ports: Ports, url: string): boolean {
  return ports.ownReceiver?.addresses?.includes(url) ?? false;
}

async function ours(ports: Ports, request: IssueRequest): Promise<GiteaHook | null> {
  const wanted = addressOf(request);
  return (await hooksOf(ports, request.binding).all(request.signal)).find(({ url }) => url === wanted) ?? null;
}

function addressOf({ binding, rotationId }: IssueRequest): string {
  return `${shape.read(binding).url}?keyturn=${credentialName(binding, rotationId)}`;
}

function hooksOf(ports: Ports, binding: SecretBinding): GiteaList<GiteaHook> {
  const { repository, organisation } = shape.read(binding);
  if (repository !== null) return giteaList(ports.gitea, `${repositoryPath(repository)}/hooks`, parseGiteaHook);
  const path = organisation === null ? '/api/v1/admin/hooks' : `/api/v1/orgs/${encodeURIComponent(organisation)}/hooks`;
  return giteaList(ports.gitea, path, parseGiteaHook);
}

function refusedValue({ vault, name, issuer }: SecretBinding): ServiceError {
  return new ServiceError('ISSUER_TARGET_REFUSED', {
    issuer,
    secret: `${vault}/${name}`,
    place: 'value',
    reason: 'is missing',
  });
}

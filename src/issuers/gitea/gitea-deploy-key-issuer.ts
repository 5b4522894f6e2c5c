import type { GiteaClient } from '../../gitea/gitea-client.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type {
  CredentialIssuer,
  IssueRequest,
  IssuedCredential,
  Revocation,
  Verification,
} from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { credentialName, parseCredentialName } from '../shared/credential-name.ts';
import { type GiteaList, giteaList, idOf, repositoryPath } from './gitea-list.ts';
import { newOpensshKey, opensshFingerprint, opensshPublicLine } from './openssh-key.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { refused } from '../shared/refused.ts';
import { optional, text, yesOrNo } from '../shared/target-fields.ts';
import { targetShape } from '../shared/target-shape.ts';

interface DeployKey {
  readonly id: number;
  readonly title: string;
  /** `ssh-ed25519 AAAA…`, without its comment. */
  readonly line: string;
  readonly readOnly: boolean;
}

const shape = targetShape('gitea-deploy-key', {
  repository: text(/[\w.-]{1,100}\/[\w.-]{1,100}/, 'a repository as owner/name'),
  readOnly: optional(yesOrNo(), true),
});

/**
 * Issues Ed25519 deploy keys of one repository. Keyturn creates the key, so it is staged before Gitea receives it and
 * no orphan is possible. The value is the private key in OpenSSH's form. Gitea's list shows that a key opens the
 * repository; the issuer tries no SSH session.
 */
export function giteaDeployKeyIssuer(tools: { gitea: GiteaClient; randomBytes: RandomBytes }): CredentialIssuer {
  const { gitea, randomBytes } = tools;
  return {
    name: 'gitea-deploy-key',
    credentialClass: 'chosen',
    check: shape.check,
    propose: ({ binding, rotationId }) => newOpensshKey(credentialName(binding, rotationId), randomBytes),
    issue,
    verify,
    describe: async ({ binding, rotationId, signal }) => {
      const title = credentialName(binding, rotationId);
      const key = (await keysOf(binding).all(signal)).find((one) => one.title === title);
      return key === undefined
        ? { outcome: 'absent' }
        : { outcome: 'present', credentialId: String(key.id), value: null };
    },
    list: async (binding, signal) =>
      (await keysOf(binding).all(signal)).flatMap(({ id, title }) => {
        const rotationId = parseCredentialName(title, binding);
        return rotationId === null ? [] : [{ credentialId: String(id), rotationId }];
      }),
    revoke: async (request, credentialId) =>
      await endKey({ gitea, keys: keysOf(request.binding), request }, credentialId),
    lastUsed: () => Promise.resolve(null),
  };

  async function issue(request: IssueRequest, proposed: SecretValue | null): Promise<IssuedCredential> {
    const { binding, rotationId, signal } = request;
    const { repository, readOnly } = shape.read(binding);
    const line = proposed === null ? null : opensshPublicLine(proposed);
    if (proposed === null || line === null) {
      const secret = `${binding.vault}/${binding.name}`;
      const details = {
        issuer: 'gitea-deploy-key',
        secret,
        place: 'value',
        reason: 'is not an Ed25519 key of OpenSSH',
      };
      throw new ServiceError('ISSUER_TARGET_REFUSED', details);
    }
    const keys = keysOf(binding);
    // A second call with the same key finds the first one, because Gitea would answer 422.
    const there = (await keys.all(signal)).find((key) => key.line === line);
    if (there !== undefined) return { credentialId: String(there.id), value: proposed };
    const body = { title: credentialName(binding, rotationId), key: line, read_only: readOnly };
    const at = { gitea: gitea.url, path: repositoryPath(repository) };
    return { credentialId: String(parseDeployKey(await keys.add(body, request), at).id), value: proposed };
  }

  async function verify({ binding, signal }: IssueRequest, credential: IssuedCredential): Promise<Verification> {
    const { repository, readOnly } = shape.read(binding);
    const line = opensshPublicLine(credential.value);
    const key = (await keysOf(binding).all(signal)).find((one) => one.line === line);
    if (line === null || key === undefined) return refused(false, 'the repository does not list this key');
    if (String(key.id) !== credential.credentialId)
      return refused(true, 'the repository lists this key under another id');
    if (key.readOnly !== readOnly) return refused(true, `read-only is ${String(key.readOnly)}, unlike the target's`);
    return {
      outcome: 'works',
      principal: repository,
      notes: [gitea.url, opensshFingerprint(line), 'listed; no SSH session tried'],
    };
  }

  function keysOf(binding: SecretBinding): GiteaList<DeployKey> {
    return giteaList(gitea, `${repositoryPath(shape.read(binding).repository)}/keys`, parseDeployKey);
  }
}

interface KeyToEnd {
  readonly gitea: GiteaClient;
  readonly keys: GiteaList<DeployKey>;
  readonly request: IssueRequest;
}

/**
 * Deletes a key, and reads it before and after: Gitea answers 204 for a missing key and 500 for another repository's. Only a
 * key that existed before and not after was revoked by this call.
 * Source: recorded `deploy-key-delete-missing`, `deploy-key-delete-other-repository` of Gitea 1.26.3.
 */
async function endKey({ gitea, keys, request }: KeyToEnd, credentialId: string): Promise<Revocation> {
  const { binding, signal } = request;
  const path = `${keys.path}/${idOf(binding, credentialId)}`;
  const shown = async () => {
    const { status, body } = await gitea.request('GET', path, { signal });
    if (status === 404) return null;
    if (status >= 400) throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: gitea.url, path, status });
    return parseDeployKey(body, { gitea: gitea.url, path });
  };
  const key = await shown();
  if (key === null) return { outcome: 'absent' };
  if (isOfAnotherSecret(key.title, binding)) {
    const details = { secret: `${binding.vault}/${binding.name}`, place: 'CredentialId' };
    const reason = 'is the deploy key of another secret';
    throw new ServiceError('ISSUER_TARGET_REFUSED', { issuer: 'gitea-deploy-key', ...details, reason });
  }
  await keys.remove(binding, credentialId, request);
  if ((await shown()) === null) return { outcome: 'revoked' };
  throw new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea: gitea.url, path, status: 204 });
}

/** Returns whether Keyturn created the key for another secret. A key from before the first rotation may have any title. */
function isOfAnotherSecret(title: string, binding: SecretBinding): boolean {
  return title.startsWith('keyturn.') && parseCredentialName(title, binding) === null;
}

function parseDeployKey(given: unknown, at: { readonly gitea: string; readonly path: string }): DeployKey {
  const key = jsonProperties(given);
  const [id, title, line, readOnly] = ['id', 'title', 'key', 'read_only'].map((name) => key.get(name));
  if (
    typeof id !== 'number' ||
    typeof title !== 'string' ||
    typeof line !== 'string' ||
    typeof readOnly !== 'boolean'
  ) {
    throw new ServiceError('GITEA_ANSWER_MALFORMED', { ...at, place: 'id, title, key, read_only' });
  }
  return { id, title, readOnly, line: line.trim().split(/\s+/).slice(0, 2).join(' ') };
}

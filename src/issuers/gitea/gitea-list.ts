import type { GiteaClient } from '../../gitea/gitea-client.ts';
import type { IssueRequest, Revocation } from '../../rotation/ports/credential-issuer.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';

/** Until when a request may be sent, and when it is given up. */
type Sending = Pick<IssueRequest, 'signal' | 'deadline'>;

/** A Gitea list of entries with an id, such as a user's tokens or a repository's hooks. */
export interface GiteaList<Entry> {
  readonly path: string;
  all(signal: AbortSignal): Promise<readonly Entry[]>;
  /**
   * Creates an entry. @throws ServiceError like the client, `GITEA_NOT_FOUND` and `GITEA_REQUEST_REFUSED` (400, 409,
   * 422).
   */
  add(body: unknown, sending: Sending): Promise<unknown>;
  /** Deletes only by id. @throws ServiceError `ISSUER_TARGET_REFUSED` before any call if it is not an id. */
  remove(binding: SecretBinding, credentialId: string, sending: Sending): Promise<Revocation>;
}

export function giteaList<Entry>(
  gitea: GiteaClient,
  path: string,
  parse: (given: unknown, at: { readonly gitea: string; readonly path: string }) => Entry,
): GiteaList<Entry> {
  return {
    path,
    async all(signal) {
      const entries: Entry[] = [];
      for await (const page of gitea.pages(path, null, { signal })) {
        entries.push(...page.map((one) => parse(one, { gitea: gitea.url, path })));
      }
      return entries;
    },
    async add(body, { signal, deadline }) {
      const answer = await gitea.request('POST', path, { body, signal, deadline });
      refuse(path, answer.status);
      return answer.body;
    },
    async remove(binding, credentialId, { signal, deadline }) {
      const { status } = await gitea.request('DELETE', `${path}/${idOf(binding, credentialId)}`, {
        signal,
        deadline,
      });
      if (status === 404) return { outcome: 'absent' };
      refuse(path, status);
      return { outcome: 'revoked' };
    },
  };

  function refuse(at: string, status: number): void {
    if (status === 404) throw new ServiceError('GITEA_NOT_FOUND', { gitea: gitea.url, path: at });
    if (status >= 400) throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea: gitea.url, path: at, status });
  }
}

/** Gitea accepts a name instead of an id, and a slash would change the path, so anything but digits is refused. */
export function idOf(binding: SecretBinding, credentialId: string): string {
  if (/^[1-9]\d{0,14}$/.test(credentialId)) return credentialId;
  const secret = `${binding.vault}/${binding.name}`;
  const reason = 'is not an id of Gitea';
  throw new ServiceError('ISSUER_TARGET_REFUSED', { issuer: binding.issuer, secret, place: 'CredentialId', reason });
}

/** `/api/v1/repos/OWNER/NAME`, its segments encoded. */
export function repositoryPath(repository: string): string {
  return `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}`;
}

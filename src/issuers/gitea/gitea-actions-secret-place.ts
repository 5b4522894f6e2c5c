import type { GiteaClient } from '../../gitea/gitea-client.ts';
import type { PlaceTarget, PublicationPlace } from '../../rotation/ports/publication-place.ts';
import { ServiceError } from '../../service-error.ts';
import { repositoryPath } from './gitea-list.ts';
import { oneOf, orNull, text } from '../shared/target-fields.ts';
import { readFields, type TargetFault } from '../shared/target-shape.ts';

const kind = 'gitea-actions-secret';
const fields = {
  kind: oneOf([kind]),
  repository: orNull(text(/[\w.-]{1,100}\/[\w.-]{1,100}/, 'a repository as owner/name')),
  organisation: orNull(text(/[\w.-]{1,40}/, "an organisation's name")),
  // Gitea refuses names with the prefix of its own variables.
  name: text(/(?!GITEA_|GITHUB_)[A-Z_][A-Z0-9_]{0,254}/, 'a name such as REGISTRY_TOKEN, not GITEA_… or GITHUB_…'),
};

// Gitea's own size limit of an Actions secret.
const mostBytes = 65_536;

/** Publishes to an Actions secret of a repository or an organisation, which can be overwritten but never read back. */
export function giteaActionsSecretPlace({ gitea }: { readonly gitea: GiteaClient }): PublicationPlace {
  return {
    kind,
    check: (target) => read(target).faults,
    async publish(target, value, signal) {
      const { values, faults } = read(target);
      const [fault] = faults;
      if (fault !== undefined) throw new ServiceError('ISSUER_TARGET_REFUSED', { issuer: kind, secret: '', ...fault });
      const data = value.reveal();
      const path = `${ownerPath(values)}/actions/secrets/${encodeURIComponent(values.name)}`;
      if (Buffer.byteLength(data) > mostBytes) throw refusal(path, 413);
      const { status } = await gitea.request('PUT', path, { body: { data }, signal });
      if (status === 404) throw new ServiceError('GITEA_NOT_FOUND', { gitea: gitea.url, path });
      if (status >= 400) throw refusal(path, status);
    },
  };

  function refusal(path: string, status: number): ServiceError {
    return new ServiceError('GITEA_REQUEST_REFUSED', { gitea: gitea.url, path, status });
  }
}

function read(target: PlaceTarget) {
  const { values, faults } = readFields(target, fields, 'alsoPublish');
  const owners = [values.repository, values.organisation].filter((owner) => typeof owner === 'string');
  const more: readonly TargetFault[] =
    faults.length > 0 || owners.length === 1
      ? []
      : [{ place: 'alsoPublish', reason: 'must have exactly one of repository and organisation' }];
  return { values, faults: [...faults, ...more] };
}

function ownerPath({ repository, organisation }: { repository: string | null; organisation: string | null }): string {
  return repository === null ? `/api/v1/orgs/${encodeURIComponent(organisation ?? '')}` : repositoryPath(repository);
}

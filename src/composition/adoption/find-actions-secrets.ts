import type { GiteaClient } from '../../gitea/gitea-client.ts';
import { jsonProperties, textOf } from '../../gitea/json-properties.ts';
import { ServiceError } from '../../service-error.ts';

/** The name of an Actions secret of a repository. Gitea never tells a value. */
export interface ActionsSecret {
  /** `owner/name`. */
  readonly repository: string;
  /** Upper-case, as Gitea keeps it. */
  readonly name: string;
}

/**
 * Lists the names of the Actions secrets of some repositories. One whose list may not be read is left out and named: a token
 * that reads code alone cannot see them. @throws ServiceError `GITEA_UNREACHABLE`, `GITEA_ANSWER_MALFORMED`.
 */
export async function findActionsSecrets(
  gitea: GiteaClient,
  repositories: readonly string[],
): Promise<{ readonly secrets: readonly ActionsSecret[]; readonly refused: readonly string[] }> {
  const secrets: ActionsSecret[] = [];
  const refused: string[] = [];
  for (const repository of repositories) {
    const path = `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}/actions/secrets`;
    try {
      for await (const page of gitea.pages(path)) {
        for (const one of page) {
          const name = textOf(jsonProperties(one).get('name'));
          if (name !== null) secrets.push({ repository, name: name.toUpperCase() });
        }
      }
    } catch (error) {
      const isAnswer = ['GITEA_ACCESS_DENIED', 'GITEA_NOT_FOUND', 'GITEA_REQUEST_REFUSED'] as const;
      if (!isAnswer.some((code) => ServiceError.is(error, code))) throw error;
      refused.push(repository);
    }
  }
  return { secrets, refused };
}

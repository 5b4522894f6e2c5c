import { type GiteaClient, giteaClient } from '../../gitea/gitea-client.ts';
import { jsonProperties, textOf } from '../../gitea/json-properties.ts';
import type { Composition } from '../composition.ts';
import { type Check, fail, lookAt, pass, warn } from './check.ts';

type Ports = Pick<Composition, 'policy' | 'gitea'>;

/** More would make `doctor` slow, and a token that reads these reads the others in the same way. */
const mostRepositories = 20;

/** Whether the token reads what the broker asks of a job: the repository, its jobs and runs, its branches and its commits. */
export async function checkBrokerGitea({ policy, gitea }: Ports): Promise<readonly Check[]> {
  if (gitea === null)
    return [fail('Gitea', 'KEYTURN_GITEA_URL is not set: no job can be confirmed, so none is served')];
  const client = giteaClient({ url: gitea.url, authentication: gitea.asToken });
  const named = [...policy().namespaces.values()].flatMap(({ repositories }) => repositories);
  const repositories = [...new Set(named.map((one) => one.toLowerCase()))].sort();
  if (repositories.length === 0) {
    return [warn('Gitea', 'the policy names no repository, so it cannot be tried whether the token reads jobs')];
  }
  const checks: Check[] = [];
  for (const repository of repositories.slice(0, mostRepositories)) checks.push(await checkOne(client, repository));
  return checks;
}

async function checkOne(client: GiteaClient, repository: string): Promise<Check> {
  const what = `Gitea: ${repository}`;
  const path = `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}`;
  return await lookAt(
    what,
    async () => {
      const { status, body } = await client.request('GET', path);
      if (status !== 200) return fail(what, 'is not shown to the token of the broker, or does not exist');
      const branch = textOf(jsonProperties(body).get('default_branch')) ?? '';
      const missing = await missingParts(client, path, branch);
      if (missing.length === 0) return pass(what, 'jobs, runs, branches and commits are shown to the token');
      return fail(what, `the token is not shown its ${missing.join(', ')}: read:repository is the scope that it needs`);
    },
    () => 'gitea admin user generate-access-token --username keyturn --token-name broker --scopes read:repository',
  );
}

async function missingParts(client: GiteaClient, path: string, branch: string): Promise<readonly string[]> {
  const limit = { query: { limit: 1 } };
  const runs = await client.request('GET', `${path}/actions/runs`, limit);
  const jobs = await client.request('GET', `${path}/actions/jobs`, limit);
  const place = branch.split('/').map(encodeURIComponent).join('/');
  const shown = await client.request('GET', `${path}/branches/${place}`);
  const commit = textOf(jsonProperties(jsonProperties(shown.body).get('commit')).get('id'));
  // A repository without a commit has no branch: then there is nothing to read.
  const read =
    commit === null ? null : await client.request('GET', `${path}/git/commits/${encodeURIComponent(commit)}`);
  return [
    ...(runs.status === 200 ? [] : ['runs']),
    ...(jobs.status === 200 ? [] : ['jobs']),
    ...(shown.status === 200 || shown.status === 404 ? [] : ['branches']),
    ...(read === null || read.status === 200 ? [] : ['commits']),
  ];
}

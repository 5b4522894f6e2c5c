import { json } from '../server/answer.ts';
import { rightsIn } from '../server/caller.ts';
import { fullName } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import { pageOf } from '../server/paging.ts';
import { repositoryShape } from '../shapes/repository-shape.ts';

/** Repositories: one, those found, those of the caller. */
export const repositoryRoutes: readonly Route[] = [
  { method: 'GET', pattern: '/repos/search', access: 'anyone', area: 'repository', handle: searchRepositories },
  { method: 'GET', pattern: '/user/repos', access: 'signed-in', area: 'repository', handle: listOwn },
  { method: 'GET', pattern: '/repos/:owner/:repository', access: 'anyone', area: 'repository', handle: readRepository },
];

function readRepository(context: RouteContext) {
  const repository = context.repository();
  return json(200, repositoryShape(context.instance, repository, rightsIn(repository, context.caller).administer));
}

function searchRepositories({ instance, request, caller }: RouteContext) {
  const wanted = (request.query.get('q') ?? '').toLowerCase();
  const rows = instance.state.repositories.filter(
    (repository) => rightsIn(repository, caller).read && fullName(repository).toLowerCase().includes(wanted),
  );
  const page = pageOf(rows, request.query, `${instance.url()}${request.path}`);
  const data = page.rows.map((repository) =>
    repositoryShape(instance, repository, rightsIn(repository, caller).administer),
  );
  return json(200, { ok: true, data }, page.headers);
}

/** Those that the caller owns or has rights in as a member; being a site administrator does not count. */
function listOwn({ instance, request, caller }: RouteContext) {
  const name = caller?.user.name ?? '';
  const rows = instance.state.repositories.filter((row) => row.owner === name || row.administrators.includes(name));
  const page = pageOf(rows, request.query, `${instance.url()}${request.path}`);
  return json(
    200,
    page.rows.map((row) => repositoryShape(instance, row, true)),
    page.headers,
  );
}

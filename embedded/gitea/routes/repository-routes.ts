import { json, notFound } from '../server/answer.ts';
import { rightsIn } from '../server/caller.ts';
import { fullName } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import type { StoredRepository } from '../server/gitea-state.ts';
import { pageOf } from '../server/paging.ts';
import { repositoryShape } from '../shapes/repository-shape.ts';

/** Repositories: one by its name or its id, those found, those of the caller. */
export const repositoryRoutes: readonly Route[] = [
  { method: 'GET', pattern: '/repos/search', access: 'anyone', area: 'repository', handle: searchRepositories },
  { method: 'GET', pattern: '/user/repos', access: 'signed-in', area: 'repository', handle: listOwn },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository',
    access: 'anyone',
    area: 'repository',
    handle: (context) => json(200, shown(context, context.repository())),
  },
  { method: 'GET', pattern: '/repositories/:id', access: 'anyone', area: 'repository', handle: readById },
];

function shown({ instance, caller }: RouteContext, repository: StoredRepository) {
  return repositoryShape(instance, repository, rightsIn(repository, caller).administer ? 'administer' : 'read');
}

/** The present name of a repository whose id is known. */
function readById(context: RouteContext) {
  const { instance, caller, parameters } = context;
  const found = instance.state.repositories.find((row) => String(row.id) === parameters['id']);
  if (found === undefined || !rightsIn(found, caller).read) throw notFound();
  return json(200, shown(context, found));
}

/** All that the caller may read, whether they have Actions or not: `has_actions` says which. */
function searchRepositories(context: RouteContext) {
  const { instance, request, caller } = context;
  const wanted = (request.query.get('q') ?? '').toLowerCase();
  const rows = instance.state.repositories.filter(
    (repository) => rightsIn(repository, caller).read && fullName(repository).toLowerCase().includes(wanted),
  );
  // By the name alone, whoever the owner is.
  const sorted = rows.toSorted(byName);
  const page = pageOf(sorted, context);
  return json(200, { ok: true, data: page.rows.map((row) => shown(context, row)) }, page.headers);
}

/** Those that the caller owns or has rights in as a member; being a site administrator does not count. */
function listOwn(context: RouteContext) {
  const name = context.caller?.user.name ?? '';
  const rows = context.instance.state.repositories.filter(
    (row) => row.owner === name || row.administrators.includes(name),
  );
  const page = pageOf(rows, context);
  return json(
    200,
    page.rows.map((row) => repositoryShape(context.instance, row, 'administer')),
    page.headers,
  );
}

function byName(a: StoredRepository, b: StoredRepository): number {
  if (a.name === b.name) return a.id - b.id;
  return a.name < b.name ? -1 : 1;
}

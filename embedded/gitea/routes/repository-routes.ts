import { json, notFound } from '../server/answer.ts';
import { rightsIn } from '../server/caller.ts';
import { fullName } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import type { StoredRepository } from '../server/gitea-state.ts';
import { pageOf } from '../server/paging.ts';
import { ownerShape } from '../shapes/user-shape.ts';
import { repositoryShape } from '../shapes/repository-shape.ts';

/** Repositories: by name, by id, by search, and the caller's own. */
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
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository/branches/*',
    access: 'anyone',
    area: 'repository',
    handle: readBranch,
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository/git/commits/:commit',
    access: 'anyone',
    area: 'repository',
    handle: readCommit,
  },
  { method: 'GET', pattern: '/repositories/:id', access: 'anyone', area: 'repository', handle: readById },
];

function shown({ instance, caller }: RouteContext, repository: StoredRepository) {
  return repositoryShape(instance, repository, rightsIn(repository, caller).administer ? 'administer' : 'read');
}

/** Returns a repository by its id, with its current name. */
function readById(context: RouteContext) {
  const { instance, caller, parameters } = context;
  const found = instance.state.repositories.find((row) => String(row.id) === parameters['id']);
  if (found === undefined || !rightsIn(found, caller).read) throw notFound();
  return json(200, shown(context, found));
}

/**
 * Returns a branch on which some run was started, or which a rule protects. Source: definition `Branch` of the published
 * description; routers/api/v1/repo/branch.go answers 404 for any other.
 */
function readBranch(context: RouteContext) {
  const repository = context.repository();
  const name = context.parameters['*'] ?? '';
  const rules = repository.protectedBranches ?? [];
  const runs = context.instance.state.runs.filter((run) => run.repositoryId === repository.id && run.branch === name);
  if (name !== 'main' && runs.length === 0 && !rules.includes(name)) throw notFound();
  const isProtected = rules.includes(name);
  return json(200, {
    name,
    commit: { id: runs.at(-1)?.commit ?? '0'.repeat(40) },
    protected: isProtected,
    required_approvals: 0,
    enable_status_check: false,
    status_check_contexts: [],
    user_can_push: true,
    user_can_merge: true,
    effective_branch_protection_name: isProtected ? name : '',
  });
}

/**
 * Returns the commit of a run, with the account of its author, or `null` where no account has the author's address. Source:
 * definition `Commit` of the published description.
 */
function readCommit({ instance, parameters, ...context }: RouteContext) {
  const repository = context.repository();
  const run = instance.state.runs.find(
    ({ repositoryId, commit }) => repositoryId === repository.id && commit === parameters['commit'],
  );
  if (run === undefined) throw notFound();
  const author = run.author === undefined ? run.actor : run.author;
  const isKnown = author !== null && instance.state.users.some(({ name }) => name === author);
  return json(200, { sha: run.commit, author: isKnown ? ownerShape(instance, author) : null });
}

/** Returns every repository that the caller may read; `has_actions` states whether it has Actions. */
function searchRepositories(context: RouteContext) {
  const { instance, request, caller } = context;
  const wanted = (request.query.get('q') ?? '').toLowerCase();
  const rows = instance.state.repositories.filter(
    (repository) => rightsIn(repository, caller).read && fullName(repository).toLowerCase().includes(wanted),
  );
  // Gitea sorts by the name without the owner.
  const sorted = rows.toSorted(byName);
  const page = pageOf(sorted, context);
  return json(200, { ok: true, data: page.rows.map((row) => shown(context, row)) }, page.headers);
}

/** Returns the repositories that the caller owns or is a member of; being a site administrator does not count. */
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

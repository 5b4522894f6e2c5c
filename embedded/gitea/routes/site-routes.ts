import { json, notFound, nothing, Refusal } from '../server/answer.ts';
import { hashCredential } from '../server/credential-hash.ts';
import { fullName, seconds, type GiteaInstance } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import { nextId } from '../server/gitea-state.ts';
import { repositoryShape } from '../shapes/repository-shape.ts';
import { organisationShape, userShape } from '../shapes/user-shape.ts';

/** Creation and deletion of users, organisations and repositories. An organisation is an owner of repositories. */
export const siteRoutes: readonly Route[] = [
  { method: 'POST', pattern: '/admin/users', access: 'administrator', area: 'admin', handle: addUser },
  { method: 'DELETE', pattern: '/admin/users/:username', access: 'administrator', area: 'admin', handle: deleteUser },
  { method: 'POST', pattern: '/orgs', access: 'signed-in', area: 'organization', handle: addOrganisation },
  { method: 'GET', pattern: '/orgs/:organisation', access: 'anyone', area: 'organization', handle: readOrganisation },
  {
    method: 'DELETE',
    pattern: '/orgs/:organisation',
    access: 'organisation-administrator',
    area: 'organization',
    handle: deleteOrganisation,
  },
  { method: 'POST', pattern: '/orgs/:owned/repos', access: 'signed-in', area: 'organization', handle: addRepository },
  {
    method: 'DELETE',
    pattern: '/repos/:owner/:repository',
    access: 'repository-administrator',
    area: 'repository',
    handle: (context) => {
      context.instance.deleteRepository(fullName(context.repository()));
      return nothing();
    },
  },
];

function addUser(context: RouteContext) {
  const { instance } = context;
  const { username, email, password } = context.body();
  if (typeof username !== 'string' || typeof email !== 'string' || typeof password !== 'string') {
    throw new Refusal(422, '[Username]: Required');
  }
  if (instance.state.users.some(({ name }) => name.toLowerCase() === username.toLowerCase())) {
    throw new Refusal(422, `user already exists [name: ${username}]`);
  }
  const user = {
    id: nextId(instance.state, 'user'),
    name: username,
    email,
    passwordHash: hashCredential(instance.remember(password)),
    secondFactor: false,
    administrator: false,
    created: seconds(instance),
  };
  instance.state.users.push(user);
  instance.changed();
  return json(201, userShape(instance, user));
}

function deleteUser(context: RouteContext) {
  const { state } = context.instance;
  const { id } = context.user();
  state.users.splice(
    state.users.findIndex((row) => row.id === id),
    1,
  );
  for (const token of state.tokens.filter((row) => row.userId === id))
    state.tokens.splice(state.tokens.indexOf(token), 1);
  context.instance.changed();
  return nothing();
}

function addOrganisation(context: RouteContext) {
  const { username } = context.body();
  if (typeof username !== 'string') throw new Refusal(422, '[UserName]: Required');
  return json(201, organisationShape(context.instance, username));
}

function readOrganisation(context: RouteContext) {
  return json(200, organisationShape(context.instance, context.organisation()));
}

/** Gitea deletes only organisations without repositories, which do not exist here. */
function deleteOrganisation(context: RouteContext): never {
  context.organisation();
  throw new Refusal(409, 'user still has ownership of repositories');
}

function addRepository(context: RouteContext) {
  const { instance, caller, parameters } = context;
  const { name, private: hidden } = context.body();
  const owner = parameters['owned'] ?? '';
  if (typeof name !== 'string') throw new Refusal(422, '[Name]: Required');
  if (caller === null || exists(instance, owner, name)) throw notFound();
  const repository = {
    id: nextId(instance.state, 'repository'),
    owner,
    name,
    private: hidden === true,
    administrators: [caller.user.name],
    actions: true,
    forkOf: null,
    formerNames: [],
    created: seconds(instance),
  };
  instance.state.repositories.push(repository);
  instance.changed();
  return json(201, repositoryShape(instance, repository, 'administer'));
}

function exists({ state }: GiteaInstance, owner: string, name: string): boolean {
  return state.repositories.some((row) => row.owner === owner && row.name === name);
}

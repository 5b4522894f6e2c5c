import { actionRoutes } from './routes/action-routes.ts';
import { json, Moved, moved, notFound, Refusal, unknownRoute, type Answer } from './server/answer.ts';
import { answerArtifactRequest } from './routes/artifact-route.ts';
import { callerOf, requireScope, rightsIn, type Caller } from './server/caller.ts';
import { fullName, type GiteaInstance } from './server/gitea-instance.ts';
import type { GiteaRequest, Route, RouteContext } from './server/gitea-route.ts';
import { actionsSecretRoutes } from './routes/actions-secret-routes.ts';
import { deployKeyRoutes } from './routes/deploy-key-routes.ts';
import { hookRoutes } from './routes/hook-routes.ts';
import { issueRoutes } from './routes/issue-routes.ts';
import { pullRoutes } from './routes/pull-routes.ts';
import { repositoryRoutes } from './routes/repository-routes.ts';
import { siteRoutes } from './routes/site-routes.ts';
import { runRoutes } from './routes/run-routes.ts';
import { runnerRoutes } from './routes/runner-routes.ts';
import { workflowRoutes } from './routes/workflow-routes.ts';
import { userRoutes } from './routes/user-routes.ts';

const routes: readonly Route[] = [
  ...siteRoutes,
  ...workflowRoutes,
  ...userRoutes,
  ...repositoryRoutes,
  ...pullRoutes,
  ...actionRoutes,
  ...runRoutes,
  ...runnerRoutes,
  ...actionsSecretRoutes,
  ...deployKeyRoutes,
  ...hookRoutes,
  ...issueRoutes,
];

/** Answers one request as Gitea does. A refusal becomes Gitea's error body. */
export function answerRequest(instance: GiteaInstance, request: GiteaRequest): Answer {
  try {
    return answerArtifactRequest(instance, request) ?? answerApiRequest(instance, request);
  } catch (error) {
    if (error instanceof Moved) return moved(error);
    if (!(error instanceof Refusal)) throw error;
    const errors = error.errors === undefined ? {} : { errors: error.errors };
    return json(error.status, { ...errors, message: error.message, url: `${instance.url()}/api/swagger` });
  }
}

function answerApiRequest(instance: GiteaInstance, request: GiteaRequest): Answer {
  const found = routeOf(request);
  if (found === null) return unknownRoute();
  const caller = callerOf(instance, request.authorization);
  const context = contextOf(instance, request, found.parameters, caller);
  if (found.route.area !== null) requireScope(caller, request.method === 'GET' ? 'read' : 'write', found.route.area);
  requireAccess(found.route, context);
  return found.route.handle(context);
}

function routeOf(request: GiteaRequest) {
  const segments = request.path.split('/');
  if (segments.slice(0, 3).join('/') !== '/api/v1') return null;
  for (const route of routes) {
    const parameters = route.method === request.method ? match(route.pattern, segments.slice(2)) : null;
    if (parameters !== null) return { route, parameters };
  }
  return null;
}

function match(pattern: string, segments: readonly string[]): Readonly<Record<string, string>> | null {
  const parts = pattern.split('/').slice(1);
  const given = segments.slice(1);
  // A star takes what is left of the path, as names of branches have slashes.
  const rest =
    parts.at(-1) === '*'
      ? given
          .splice(parts.length - 1)
          .map(decodeURIComponent)
          .join('/')
      : null;
  if (rest !== null) parts.pop();
  if (parts.length !== given.length || rest === '') return null;
  const parameters: Record<string, string> = {};
  for (const [place, part] of parts.entries()) {
    const segment = decodeURIComponent(given[place] ?? '');
    if (part.startsWith(':') && segment !== '') parameters[part.slice(1)] = segment;
    else if (part !== segment) return null;
  }
  return rest === null ? parameters : { ...parameters, '*': rest };
}

function requireAccess(route: Route, context: RouteContext): void {
  const { caller } = context;
  if (route.access === 'anyone') return;
  // Gitea looks for the repository first: without a token, a private one is 404, not 401.
  const repository = context.parameters['repository'] === undefined ? null : context.repository();
  if (caller === null) throw new Refusal(401, 'token is required');
  switch (route.access) {
    case 'signed-in':
      return;
    case 'actions-reader':
      // If Actions are off, an administrator gets an empty list and a reader is refused.
      if (repository?.actions !== true && !rightsIn(context.repository(), caller).administer)
        throw new Refusal(403, 'user should have specific read permission or be a repo admin or a site admin');
      return;
    case 'administrator':
      if (!caller.user.administrator) throw new Refusal(403, 'user should be the site admin');
      return;
    case 'repository-administrator':
      if (!rightsIn(context.repository(), caller).administer)
        throw new Refusal(403, 'user should have a permission to write to a repo');
      return;
    case 'organisation-administrator': {
      const owned = context.instance.state.repositories.filter((row) => row.owner === context.organisation());
      if (!owned.every((row) => rightsIn(row, caller).administer))
        throw new Refusal(403, 'Must be an organization owner');
      return;
    }
    case 'self-by-password':
      if (!caller.basic) throw new Refusal(401, 'auth required');
      if (!caller.user.administrator && caller.user.id !== context.user().id)
        throw new Refusal(403, 'doer should be the site admin or be same as the contextUser');
      return;
  }
}

function contextOf(
  instance: GiteaInstance,
  request: GiteaRequest,
  parameters: Readonly<Record<string, string>>,
  caller: Caller | null,
): RouteContext {
  const same = (a: string, b: string | undefined) => a.toLowerCase() === b?.toLowerCase();
  return {
    instance,
    request,
    parameters,
    caller,
    repository() {
      const found = instance.state.repositories.find(
        (row) => same(row.owner, parameters['owner']) && same(row.name, parameters['repository']),
      );
      if (found === undefined) throw movedFrom(instance, request, parameters) ?? notFound();
      if (!rightsIn(found, caller).read) throw notFound();
      return found;
    },
    organisation() {
      const found = instance.state.repositories.find((row) => same(row.owner, parameters['organisation']));
      if (found === undefined) throw notFound();
      return found.owner;
    },
    user() {
      const found = instance.state.users.find((row) => same(row.name, parameters['username']));
      if (found === undefined) {
        throw new Refusal(404, `user redirect does not exist [name: ${parameters['username'] ?? ''}]`);
      }
      return found;
    },
    body() {
      try {
        const parsed: unknown = JSON.parse(request.body);
        if (typeof parsed === 'object' && parsed !== null) return parsed as Readonly<Record<string, unknown>>;
      } catch {
        // Falls through to the same refusal as a body that is JSON but no object.
      }
      throw new Refusal(422, 'Failed to decode the request body.');
    },
  };
}

/** Returns the redirect from a former name of a repository. Like Gitea, it does not check the caller's rights. */
function movedFrom(
  { state }: GiteaInstance,
  request: GiteaRequest,
  { owner = '', repository = '' }: Readonly<Record<string, string>>,
): Moved | null {
  const former = `${owner}/${repository}`.toLowerCase();
  const now = state.repositories.find((row) => row.formerNames.some((name) => name.toLowerCase() === former));
  if (now === undefined) return null;
  const query = request.query.size === 0 ? '' : `?${request.query.toString()}`;
  return new Moved(`${request.path.replace(`/repos/${owner}/${repository}`, `/repos/${fullName(now)}`)}${query}`);
}

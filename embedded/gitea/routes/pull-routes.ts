import { json, notFound } from '../server/answer.ts';
import { rightsIn } from '../server/caller.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import { pullShape } from '../shapes/pull-shape.ts';

/** Pull requests: one. */
export const pullRoutes: readonly Route[] = [
  { method: 'GET', pattern: '/repos/:owner/:repository/pulls/:number', access: 'anyone', area: 'repository', handle },
];

function handle(context: RouteContext) {
  const { instance, caller, parameters } = context;
  const repository = context.repository();
  const pull = instance.state.pulls.find(
    (row) => row.repositoryId === repository.id && String(row.number) === parameters['number'],
  );
  if (pull === undefined) throw notFound();
  return json(200, pullShape(instance, pull, rightsIn(repository, caller).administer ? 'administer' : 'read'));
}

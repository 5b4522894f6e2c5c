import { randomBytes } from 'node:crypto';
import { json, notFound, nothing, Refusal } from '../server/answer.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import type { StoredRunner } from '../server/gitea-state.ts';
import { pageOf } from '../server/paging.ts';

const places = [
  { base: '/repos/:owner/:repository/actions/runners', access: 'repository-administrator', area: 'repository' },
  { base: '/admin/actions/runners', access: 'administrator', area: 'admin' },
] as const;

/** Runners: those registered for a repository, and all of the site. They tell no address and no time last seen. */
export const runnerRoutes: readonly Route[] = places.flatMap(({ base, access, area }): Route[] => [
  { method: 'GET', pattern: base, access, area, handle: listRunners },
  { method: 'POST', pattern: `${base}/registration-token`, access, area, handle: registrationToken },
  {
    method: 'GET',
    pattern: `${base}/:id`,
    access,
    area,
    handle: (context) => json(200, runnerShape(context, runnerOf(context))),
  },
  { method: 'PATCH', pattern: `${base}/:id`, access, area, handle: editRunner },
  { method: 'DELETE', pattern: `${base}/:id`, access, area, handle: deleteRunner },
]);

function ownRunners(context: RouteContext): readonly StoredRunner[] {
  const { runners } = context.instance.state;
  if (context.parameters['repository'] === undefined) return runners;
  const { id } = context.repository();
  return runners.filter((runner) => runner.repositoryId === id);
}

function runnerOf(context: RouteContext): StoredRunner {
  const runner = ownRunners(context).find((row) => String(row.id) === context.parameters['id']);
  if (runner === undefined) throw notFound();
  return runner;
}

/** The one list without `X-Total-Count` and `Link`. */
function listRunners(context: RouteContext) {
  const { instance, request } = context;
  const disabled = request.query.get('disabled');
  const rows = ownRunners(context).filter((runner) => disabled === null || String(runner.disabled) === disabled);
  const page = pageOf(rows, { instance, request });
  return json(200, { runners: page.rows.map((runner) => runnerShape(context, runner)), total_count: page.total });
}

function registrationToken({ instance }: RouteContext) {
  return json(200, { token: instance.remember(randomBytes(20).toString('base64url')) });
}

function editRunner(context: RouteContext) {
  const runner = runnerOf(context);
  const { disabled } = context.body();
  if (typeof disabled !== 'boolean') throw new Refusal(422, '[Disabled]: Required');
  runner.disabled = disabled;
  context.instance.changed();
  return json(200, runnerShape(context, runner));
}

function deleteRunner(context: RouteContext) {
  const { runners } = context.instance.state;
  runners.splice(runners.indexOf(runnerOf(context)), 1);
  context.instance.changed();
  return nothing();
}

function runnerShape({ instance }: RouteContext, runner: StoredRunner) {
  return {
    id: runner.id,
    name: runner.name,
    status: 'online',
    busy: instance.state.tasks.some((task) => task.runnerId === runner.id && task.status === 'running'),
    disabled: runner.disabled,
    ephemeral: false,
    labels: runner.labels.map((name, id) => ({ id, name, type: 'custom' })),
  };
}

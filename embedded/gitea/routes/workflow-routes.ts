import { json, Refusal } from '../server/answer.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';

/** Adds a workflow file, which is a push, so workflows that listen to pushes run. Other files are not stored. */
export const workflowRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: '/repos/:owner/:repository/contents/.gitea/workflows/:file',
    access: 'repository-administrator',
    area: 'repository',
    handle: addWorkflow,
  },
];

function addWorkflow(context: RouteContext) {
  const { content } = context.body();
  if (typeof content !== 'string') throw new Refusal(422, '[ContentBase64]: Required');
  const text = Buffer.from(content, 'base64').toString('utf8');
  const file = context.parameters['file'] ?? '';
  const repository = context.repository();
  context.instance.pushWorkflow(repository, file, text, context.caller?.user.name ?? repository.owner);
  return json(201, { content: { name: file, path: `.gitea/workflows/${file}` } });
}

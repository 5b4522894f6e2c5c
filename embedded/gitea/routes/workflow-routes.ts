import { json, Refusal } from '../server/answer.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';

/** Adds a workflow, which is a push: what listens to pushes runs. No other file is kept. */
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
  context.instance.pushWorkflow(context.repository(), file, text);
  return json(201, { content: { name: file, path: `.gitea/workflows/${file}` } });
}

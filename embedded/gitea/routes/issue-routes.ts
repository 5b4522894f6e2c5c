import { json, notFound, Refusal } from '../server/answer.ts';
import { rightsIn } from '../server/caller.ts';
import { seconds } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import { nextId, nextNumber, type StoredIssue } from '../server/gitea-state.ts';
import { pageOf } from '../server/paging.ts';
import { commentShape, issueShape, labelShape } from '../shapes/issue-shape.ts';

const rights = { access: 'signed-in', area: 'issue' } as const;
const repository = '/repos/:owner/:repository';

/**
 * Issues of a repository, their comments and labels. A list of issues holds no pull requests here, as with `type=issues`.
 * Source: Gitea's API description, operations `issue*`; routers/api/v1/repo/issue.go.
 */
export const issueRoutes: readonly Route[] = [
  { method: 'GET', pattern: `${repository}/labels`, ...rights, handle: listLabels },
  { method: 'POST', pattern: `${repository}/labels`, ...rights, handle: addLabel },
  { method: 'GET', pattern: `${repository}/issues`, ...rights, handle: listIssues },
  { method: 'POST', pattern: `${repository}/issues`, ...rights, handle: addIssue },
  {
    method: 'GET',
    pattern: `${repository}/issues/:number`,
    ...rights,
    handle: (context) => json(200, issueShape(context.instance, issueOf(context))),
  },
  { method: 'PATCH', pattern: `${repository}/issues/:number`, ...rights, handle: editIssue },
  { method: 'GET', pattern: `${repository}/issues/:number/comments`, ...rights, handle: listComments },
  { method: 'POST', pattern: `${repository}/issues/:number/comments`, ...rights, handle: addComment },
];

function labelsOf(context: RouteContext) {
  const { id } = context.repository();
  return context.instance.state.labels.filter(({ repositoryId }) => repositoryId === id);
}

function listLabels(context: RouteContext) {
  const { instance, request } = context;
  const page = pageOf(labelsOf(context), { instance, request });
  return json(
    200,
    page.rows.map((label) => labelShape(instance, label)),
    page.headers,
  );
}

/** Gitea takes a second label of the same name. */
function addLabel(context: RouteContext) {
  const { instance } = context;
  const { id: repositoryId } = context.repository();
  requireWriter(context);
  const { name, color, description } = context.body();
  if (typeof name !== 'string' || name === '') throw new Refusal(422, '[Name]: Required');
  if (typeof color !== 'string' || !/^#?[0-9a-f]{6}$/i.test(color)) throw new Refusal(422, 'bad color code');
  const label = {
    id: nextId(instance.state, 'label'),
    repositoryId,
    name,
    color: color.replace('#', '').toLowerCase(),
    description: typeof description === 'string' ? description : '',
  };
  instance.state.labels.push(label);
  instance.changed();
  return json(201, labelShape(instance, label));
}

/** Newest first. `labels` names labels, any of which an issue must have; unknown names are left out. */
function listIssues(context: RouteContext) {
  const { instance, request } = context;
  const { id } = context.repository();
  const state = request.query.get('state') ?? 'open';
  const names = (request.query.get('labels') ?? '').split(',').filter((name) => name !== '');
  const wanted = labelsOf(context).flatMap((label) => (names.includes(label.name) ? [label.id] : []));
  const rows = instance.state.issues
    .filter(({ repositoryId }) => repositoryId === id)
    .filter(({ closed }) => state === 'all' || (state === 'closed') === closed > 0)
    .filter(({ labels }) => wanted.length === 0 || labels.some((label) => wanted.includes(label)))
    .toReversed();
  const page = pageOf(rows, { instance, request });
  return json(
    200,
    page.rows.map((issue) => issueShape(instance, issue)),
    page.headers,
  );
}

/** Gitea drops the labels of a caller who may not write. */
function addIssue(context: RouteContext) {
  const { instance } = context;
  const { id: repositoryId } = context.repository();
  const { title, body, labels } = context.body();
  if (typeof title !== 'string' || title === '') throw new Refusal(422, '[Title]: Required');
  const known = labelsOf(context).map(({ id }) => id);
  const given = Array.isArray(labels) && mayWrite(context) ? labels.filter((id) => typeof id === 'number') : [];
  const created = seconds(instance);
  const issue: StoredIssue = {
    id: nextId(instance.state, 'issue'),
    repositoryId,
    number: nextNumber(instance.state, repositoryId),
    title,
    body: typeof body === 'string' ? body : '',
    labels: given.filter((id) => known.includes(id)),
    author: authorOf(context),
    created,
    updated: created,
    closed: 0,
  };
  instance.state.issues.push(issue);
  instance.changed();
  return json(201, issueShape(instance, issue));
}

function editIssue(context: RouteContext) {
  const { instance } = context;
  const issue = issueOf(context);
  if (issue.author !== authorOf(context)) requireWriter(context);
  const { title, body, state } = context.body();
  if (typeof title === 'string' && title !== '') issue.title = title;
  if (typeof body === 'string') issue.body = body;
  if (state === 'closed' && issue.closed === 0) issue.closed = seconds(instance);
  if (state === 'open') issue.closed = 0;
  issue.updated = seconds(instance);
  instance.changed();
  return json(201, issueShape(instance, issue));
}

/** All of them: this list of Gitea has no pages. */
function listComments(context: RouteContext) {
  const { id } = issueOf(context);
  const rows = context.instance.state.comments.filter(({ issueId }) => issueId === id);
  return json(
    200,
    rows.map((comment) => commentShape(context.instance, comment)),
    { 'x-total-count': String(rows.length) },
  );
}

function addComment(context: RouteContext) {
  const { instance } = context;
  const issue = issueOf(context);
  const { body } = context.body();
  if (typeof body !== 'string' || body === '') throw new Refusal(422, '[Body]: Required');
  const created = seconds(instance);
  const comment = {
    id: nextId(instance.state, 'comment'),
    issueId: issue.id,
    body,
    author: authorOf(context),
    created,
  };
  instance.state.comments.push(comment);
  issue.updated = created;
  instance.changed();
  return json(201, commentShape(instance, comment));
}

function issueOf(context: RouteContext): StoredIssue {
  const { id } = context.repository();
  const found = context.instance.state.issues.find(
    (issue) => issue.repositoryId === id && String(issue.number) === context.parameters['number'],
  );
  if (found === undefined) throw notFound();
  return found;
}

function authorOf({ caller }: RouteContext): string {
  return caller?.user.name ?? '';
}

function mayWrite(context: RouteContext): boolean {
  return rightsIn(context.repository(), context.caller).administer;
}

function requireWriter(context: RouteContext): void {
  if (!mayWrite(context)) throw new Refusal(403, 'user should have a permission to write to a repo');
}

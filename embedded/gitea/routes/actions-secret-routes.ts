import { json, nothing, Refusal } from '../server/answer.ts';
import { isoTime, seconds } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import type { Belonging, StoredActionsSecret } from '../server/gitea-state.ts';
import { pageOf } from '../server/paging.ts';

const ofRepository = { access: 'repository-administrator', area: 'repository' } as const;
const ofOrganisation = { access: 'organisation-administrator', area: 'organization' } as const;

/** Actions secrets: put, listed by name, deleted; no route tells a value. */
export const actionsSecretRoutes: readonly Route[] = [
  { method: 'GET', pattern: '/repos/:owner/:repository/actions/secrets', ...ofRepository, handle: listSecrets },
  { method: 'PUT', pattern: '/repos/:owner/:repository/actions/secrets/:name', ...ofRepository, handle: putSecret },
  {
    method: 'DELETE',
    pattern: '/repos/:owner/:repository/actions/secrets/:name',
    ...ofRepository,
    handle: deleteSecret,
  },
  { method: 'GET', pattern: '/orgs/:organisation/actions/secrets', ...ofOrganisation, handle: listSecrets },
  { method: 'PUT', pattern: '/orgs/:organisation/actions/secrets/:name', ...ofOrganisation, handle: putSecret },
  { method: 'DELETE', pattern: '/orgs/:organisation/actions/secrets/:name', ...ofOrganisation, handle: deleteSecret },
];

// SecretDataMaxLength of models/secret/secret.go, in bytes.
const mostBytes = 65_536;

function belongingOf(context: RouteContext): Belonging {
  if (context.parameters['organisation'] !== undefined) return { kind: 'organisation', name: context.organisation() };
  return { kind: 'repository', id: context.repository().id };
}

/** The path's owner's secrets, as a test. */
function ownSecrets(context: RouteContext): (secret: StoredActionsSecret) => boolean {
  const wanted = JSON.stringify(belongingOf(context));
  return (secret) => JSON.stringify(secret.of) === wanted;
}

function listSecrets(context: RouteContext) {
  const { instance, request } = context;
  const page = pageOf(instance.state.actionsSecrets.filter(ownSecrets(context)), { instance, request });
  const shapes = page.rows.map(({ name, description, created }) => ({
    name,
    description,
    created_at: isoTime(created),
  }));
  return json(200, shapes, page.headers);
}

function putSecret(context: RouteContext) {
  const { instance } = context;
  const name = nameOf(context);
  const { data, description = '' } = context.body();
  if (typeof data !== 'string' || data === '') throw new Refusal(422, '[Data]: Required');
  if (Buffer.byteLength(data) > mostBytes) throw new Refusal(400, 'data too long');
  const value = instance.remember(data);
  const own = ownSecrets(context);
  const there = instance.state.actionsSecrets.find((secret) => own(secret) && secret.name === name);
  instance.changed();
  if (there !== undefined) {
    Object.assign(there, { value, description });
    return nothing(204);
  }
  instance.state.actionsSecrets.push({
    of: belongingOf(context),
    name,
    value,
    description: String(description),
    created: seconds(instance),
  });
  return nothing(201);
}

function deleteSecret(context: RouteContext) {
  const { actionsSecrets } = context.instance.state;
  const [name, own] = [nameOf(context), ownSecrets(context)];
  const found = actionsSecrets.findIndex((secret) => own(secret) && secret.name === name);
  // Gitea's text, which omits the name.
  if (found < 0) throw new Refusal(404, 'secret was not found [name: ]');
  actionsSecrets.splice(found, 1);
  context.instance.changed();
  return nothing();
}

/** Names are kept in upper case and may not look like the runner's own variables. */
function nameOf(context: RouteContext): string {
  const name = (context.parameters['name'] ?? '').toUpperCase();
  if (!/^[A-Z_][A-Z0-9_]*$/.test(name) || /^(GITEA|GITHUB)_/.test(name)) {
    throw new Refusal(400, 'invalid variable or secret name');
  }
  return name;
}

import { isScope, mintToken } from '../server/access-tokens.ts';
import { json, notFound, nothing, Refusal } from '../server/answer.ts';
import { hashCredential } from '../server/credential-hash.ts';
import { isoTime } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import type { StoredToken } from '../server/gitea-state.ts';
import { pageOf } from '../server/paging.ts';
import { userShape } from '../shapes/user-shape.ts';

/** Users and their access tokens. */
export const userRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/version',
    access: 'anyone',
    area: null,
    handle: ({ instance }) => json(200, { version: instance.version }),
  },
  {
    method: 'GET',
    pattern: '/settings/api',
    access: 'anyone',
    area: null,
    handle: ({ instance }) => json(200, { ...apiSettings, max_response_items: instance.maxResponseItems }),
  },
  {
    method: 'GET',
    pattern: '/user',
    access: 'signed-in',
    area: 'user',
    handle: ({ instance, caller }) => (caller === null ? nothing(401) : json(200, userShape(instance, caller.user))),
  },
  {
    method: 'GET',
    pattern: '/users/:username',
    access: 'anyone',
    area: 'user',
    handle: (context) => json(200, userShape(context.instance, context.user())),
  },
  { method: 'GET', pattern: '/users/:username/tokens', access: 'self-by-password', area: 'user', handle: listTokens },
  { method: 'POST', pattern: '/users/:username/tokens', access: 'self-by-password', area: 'user', handle: createToken },
  {
    method: 'DELETE',
    pattern: '/users/:username/tokens/:token',
    access: 'self-by-password',
    area: 'user',
    handle: deleteToken,
  },
  { method: 'GET', pattern: '/admin/users', access: 'administrator', area: 'admin', handle: listUsers },
  { method: 'PATCH', pattern: '/admin/users/:username', access: 'administrator', area: 'admin', handle: editUser },
];

/** Gitea's defaults in `/settings/api`, beside the page size. */
const apiSettings = {
  max_response_items: 50,
  default_paging_num: 30,
  default_git_trees_per_page: 1_000,
  default_max_blob_size: 10_485_760,
  default_max_response_size: 104_857_600,
};

function listTokens(context: RouteContext) {
  const { instance, request } = context;
  const user = context.user();
  const own = instance.state.tokens.filter((token) => token.userId === user.id);
  const page = pageOf(own, { instance, request });
  return json(
    200,
    page.rows.map((token) => tokenShape(token, '')),
    page.headers,
  );
}

function createToken(context: RouteContext) {
  const { instance } = context;
  const user = context.user();
  const { name, scopes } = context.body();
  if (typeof name !== 'string' || name === '') throw new Refusal(422, '[Name]: Required');
  if (instance.state.tokens.some((token) => token.userId === user.id && token.name === name)) {
    throw new Refusal(400, 'access token name has been used already');
  }
  const wanted: readonly unknown[] = Array.isArray(scopes) ? scopes : [];
  const known = wanted.filter((scope): scope is string => typeof scope === 'string' && isScope(scope));
  const unknown = wanted.find((scope) => typeof scope !== 'string' || !isScope(scope));
  if (unknown !== undefined) {
    const reason = `invalid access token scope: ${typeof unknown === 'string' ? unknown : ''}`;
    throw new Refusal(400, `invalid access token scope provided: ${reason}`);
  }
  if (known.every((scope) => scope === 'public-only')) throw new Refusal(400, 'access token must have a scope');
  const { token, value } = mintToken(instance, user, name, known);
  return json(201, tokenShape(token, value));
}

/** By id, and if the segment is no number, by name. */
function deleteToken(context: RouteContext) {
  const { instance, parameters } = context;
  const user = context.user();
  const named = parameters['token'] ?? '';
  const found = instance.state.tokens.findIndex(
    (token) => token.userId === user.id && (/^\d+$/.test(named) ? token.id === Number(named) : token.name === named),
  );
  if (found < 0) throw notFound();
  instance.state.tokens.splice(found, 1);
  instance.changed();
  return nothing();
}

function listUsers({ instance, request }: RouteContext) {
  const page = pageOf(instance.state.users, { instance, request });
  return json(
    200,
    page.rows.map((user) => userShape(instance, user)),
    page.headers,
  );
}

function editUser(context: RouteContext) {
  const user = context.user();
  const { login_name, password, admin } = context.body();
  if (typeof login_name !== 'string') throw new Refusal(422, '[LoginName]: Required');
  if (password !== undefined) {
    // MIN_PASSWORD_LENGTH of Gitea's [security] settings.
    if (typeof password !== 'string' || password.length < 8) {
      throw new Refusal(400, 'password must be at least 8 characters');
    }
    user.passwordHash = hashCredential(context.instance.remember(password));
  }
  if (typeof admin === 'boolean') user.administrator = admin;
  context.instance.changed();
  return json(200, userShape(context.instance, user));
}

function tokenShape(token: StoredToken, value: string) {
  return {
    id: token.id,
    name: token.name,
    sha1: value,
    token_last_eight: token.lastEight,
    scopes: token.scopes,
    created_at: isoTime(token.created),
    last_used_at: isoTime(token.lastUsed),
  };
}

import { json, notFound, nothing, Refusal } from '../server/answer.ts';
import { isoTime, seconds } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import { nextId, type StoredHook } from '../server/gitea-state.ts';
import { expandEvents } from '../server/hook-events.ts';
import { pageOf } from '../server/paging.ts';

const places = [
  { base: '/repos/:owner/:repository/hooks', access: 'repository-administrator', area: 'repository' },
  { base: '/orgs/:organisation/hooks', access: 'organisation-administrator', area: 'organization' },
  { base: '/admin/hooks', access: 'administrator', area: 'admin' },
] as const;

/** Webhooks of a repository, of an organisation and of the site. No route returns or changes a secret. */
export const hookRoutes: readonly Route[] = [
  ...places.flatMap(({ base, access, area }): Route[] => [
    { method: 'GET', pattern: base, access, area, handle: listHooks },
    { method: 'POST', pattern: base, access, area, handle: addHook },
    { method: 'GET', pattern: `${base}/:id`, access, area, handle: (context) => json(200, hookShape(hookOf(context))) },
    { method: 'PATCH', pattern: `${base}/:id`, access, area, handle: editHook },
    { method: 'DELETE', pattern: `${base}/:id`, access, area, handle: deleteHook },
  ]),
  {
    method: 'POST',
    pattern: '/repos/:owner/:repository/hooks/:id/tests',
    access: 'repository-administrator',
    area: 'repository',
    handle: testHook,
  },
];

const types = [
  'dingtalk',
  'discord',
  'gitea',
  'gogs',
  'msteams',
  'slack',
  'telegram',
  'feishu',
  'wechatwork',
  'packagist',
];

function ownHooks(context: RouteContext): (hook: StoredHook) => boolean {
  if (context.parameters['organisation'] !== undefined) {
    const organisation = context.organisation();
    return ({ of }) => of.kind === 'organisation' && of.name === organisation;
  }
  if (context.parameters['repository'] === undefined) return ({ of }) => of.kind === 'system' || of.kind === 'default';
  const { id } = context.repository();
  return ({ of }) => of.kind === 'repository' && of.id === id;
}

function hookOf(context: RouteContext): StoredHook {
  const own = ownHooks(context);
  const hook = context.instance.state.hooks.find((row) => String(row.id) === context.parameters['id'] && own(row));
  if (hook === undefined) throw notFound();
  return hook;
}

/** Of the site only system hooks, unless `type` says `default` or `all`. */
function listHooks(context: RouteContext) {
  const { instance, request } = context;
  const type = request.query.get('type') ?? 'system';
  const shown = ({ of }: StoredHook) =>
    (of.kind !== 'system' && of.kind !== 'default') || type === 'all' || of.kind === type;
  const rows = instance.state.hooks.filter(ownHooks(context)).filter(shown);
  const page = pageOf(rows, { instance, request });
  return json(200, page.rows.map(hookShape), page.headers);
}

function addHook(context: RouteContext) {
  const { instance } = context;
  const { type, config, events, active } = context.body();
  const options = textsOf(config);
  if (typeof type !== 'string' || !types.includes(type)) throw new Refusal(422, `Invalid hook type: ${String(type)}`);
  for (const name of ['url', 'content_type'])
    if (options[name] === undefined) throw new Refusal(422, `Missing config option: ${name}`);
  const created = seconds(instance);
  const hook: StoredHook = {
    id: nextId(instance.state, 'hook'),
    of: belongingOf(context, options['is_system_webhook'] === 'true'),
    type,
    url: address(options['url'] ?? ''),
    contentType: contentType(options['content_type'] ?? ''),
    secret: instance.remember(options['secret'] ?? ''),
    events: eventsOf(events),
    // Gitea reads a missing `active` as false.
    active: active === true,
    created,
    updated: created,
  };
  instance.state.hooks.push(hook);
  instance.changed();
  return json(201, hookShape(hook));
}

/** Ignores `config.secret`, and a missing list of events becomes `push`, as in Gitea's editHook. */
function editHook(context: RouteContext) {
  const hook = hookOf(context);
  const { config, events, active } = context.body();
  const options = textsOf(config);
  if (options['url'] !== undefined) hook.url = address(options['url']);
  if (options['content_type'] !== undefined) hook.contentType = contentType(options['content_type']);
  hook.events = eventsOf(events);
  if (typeof active === 'boolean') hook.active = active;
  hook.updated = seconds(context.instance);
  context.instance.changed();
  return json(200, hookShape(hook));
}

function deleteHook(context: RouteContext) {
  const { hooks } = context.instance.state;
  hooks.splice(hooks.indexOf(hookOf(context)), 1);
  context.instance.changed();
  return nothing();
}

function testHook(context: RouteContext) {
  context.instance.testHook(hookOf(context), context.repository());
  return nothing();
}

function belongingOf(context: RouteContext, system: boolean): StoredHook['of'] {
  if (context.parameters['organisation'] !== undefined) return { kind: 'organisation', name: context.organisation() };
  if (context.parameters['repository'] !== undefined) return { kind: 'repository', id: context.repository().id };
  return { kind: system ? 'system' : 'default' };
}

function textsOf(config: unknown): Readonly<Record<string, string>> {
  const entries = typeof config === 'object' && config !== null ? Object.entries(config) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** An empty list becomes `push`. */
function eventsOf(events: unknown): readonly string[] {
  const named = Array.isArray(events) ? events.filter((event) => typeof event === 'string') : [];
  return named.length === 0 ? ['push'] : expandEvents(named);
}

function address(url: string): string {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new Refusal(422, 'Invalid url');
  return url;
}

function contentType(type: string): string {
  if (type !== 'json' && type !== 'form') throw new Refusal(422, 'Invalid content type');
  return type;
}

function hookShape(hook: StoredHook) {
  return {
    id: hook.id,
    type: hook.type,
    name: '',
    branch_filter: '',
    config: { content_type: hook.contentType, url: hook.url },
    events: hook.events,
    authorization_header: '',
    active: hook.active,
    updated_at: isoTime(hook.updated),
    created_at: isoTime(hook.created),
  };
}

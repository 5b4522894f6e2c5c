import { createHash } from 'node:crypto';
import { json, notFound, nothing, Refusal } from '../server/answer.ts';
import { fullName, isoTime, seconds, type GiteaInstance } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import { nextId, type StoredDeployKey, type StoredRepository } from '../server/gitea-state.ts';
import { pageOf } from '../server/paging.ts';
import { repositoryShape } from '../shapes/repository-shape.ts';

const rights = { access: 'repository-administrator', area: 'repository' } as const;

/** Deploy keys of a repository. */
export const deployKeyRoutes: readonly Route[] = [
  { method: 'GET', pattern: '/repos/:owner/:repository/keys', ...rights, handle: listKeys },
  { method: 'POST', pattern: '/repos/:owner/:repository/keys', ...rights, handle: addKey },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository/keys/:id',
    ...rights,
    handle: (context) => json(200, keyShape(context, keyOf(context), 'with-repository')),
  },
  { method: 'PATCH', pattern: '/repos/:owner/:repository/keys/:id', ...rights, handle: () => nothing(405) },
  { method: 'DELETE', pattern: '/repos/:owner/:repository/keys/:id', ...rights, handle: deleteKey },
];

function keysOf(instance: GiteaInstance, repository: StoredRepository): readonly StoredDeployKey[] {
  return instance.state.deployKeys.filter((key) => key.repositoryId === repository.id);
}

function keyOf(context: RouteContext): StoredDeployKey {
  const key = keysOf(context.instance, context.repository()).find((row) => String(row.id) === context.parameters['id']);
  if (key === undefined) throw notFound();
  return key;
}

function listKeys(context: RouteContext) {
  const { instance, request } = context;
  const has = (name: string, value: string) => !request.query.has(name) || request.query.get(name) === value;
  const rows = keysOf(instance, context.repository()).filter(
    (key) => has('fingerprint', key.fingerprint) && has('key_id', String(key.id)),
  );
  const page = pageOf(rows, { instance, request });
  return json(
    200,
    page.rows.map((key) => keyShape(context, key, 'with-repository')),
    page.headers,
  );
}

/** Refuses with 422 an invalid public key, and a key or title that the repository already has. */
function addKey(context: RouteContext) {
  const { instance } = context;
  const repository = context.repository();
  const { title, key, read_only } = context.body();
  if (typeof title !== 'string' || title === '') throw new Refusal(422, '[Title]: Required');
  if (typeof key !== 'string' || key === '') throw new Refusal(422, '[Key]: Required');
  const [kind = '', content = '', ...comment] = key.trim().split(/\s+/);
  const blob = Buffer.from(content, 'base64');
  requireKey(kind, blob);
  const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
  const there = keysOf(instance, repository);
  if (there.some((row) => row.fingerprint === fingerprint))
    throw new Refusal(422, 'This key has already been added to this repository');
  if (there.some((row) => row.title === title)) throw new Refusal(422, 'A key with the same name already exists');
  const stored: StoredDeployKey = {
    id: nextId(instance.state, 'deployKey'),
    repositoryId: repository.id,
    title,
    key: [kind, content, ...comment].join(' '),
    fingerprint,
    readOnly: read_only === true,
    created: seconds(instance),
  };
  instance.state.deployKeys.push(stored);
  instance.changed();
  return json(201, keyShape(context, stored, 'alone'));
}

/** @throws Refusal 422 with the text of Gitea's parser, which reads a length even from an invalid key. */
function requireKey(kind: string, blob: Buffer): void {
  const length = blob.length < 4 ? 0 : blob.readUInt32BE(0);
  if (blob.length < 4 + length) {
    const reason = `invalid key format: not enough length ${String(length)}`;
    throw new Refusal(422, `Invalid key content: extractTypeFromBase64Key: ${reason}`);
  }
  if (blob.subarray(4, 4 + length).toString('latin1') !== kind) {
    throw new Refusal(422, 'Invalid key content: ssh: no key found');
  }
}

/** Gitea answers 204 for a missing key, and 500 for another repository's. */
function deleteKey(context: RouteContext) {
  const { deployKeys } = context.instance.state;
  const repository = context.repository();
  const key = deployKeys.find((row) => String(row.id) === context.parameters['id']);
  if (key === undefined) return nothing();
  if (key.repositoryId !== repository.id) {
    throw new Refusal(500, `deploy key ${String(key.id)} does not belong to repository ${String(repository.id)}`);
  }
  deployKeys.splice(deployKeys.indexOf(key), 1);
  context.instance.changed();
  return nothing();
}

/** `alone`: without the repository, as in the answer to the creation. */
function keyShape(context: RouteContext, key: StoredDeployKey, form: 'alone' | 'with-repository') {
  const { instance } = context;
  const of = context.repository();
  return {
    id: key.id,
    // The key itself is a row of its own in Gitea; a deploy key refers to it.
    key_id: key.id + 500,
    key: key.key,
    url: `${instance.url()}/api/v1/repos/${fullName(of)}/keys/${String(key.id)}`,
    title: key.title,
    fingerprint: key.fingerprint,
    created_at: isoTime(key.created),
    read_only: key.readOnly,
    ...(form === 'alone' ? {} : { repository: repositoryShape(instance, of, 'read') }),
  };
}

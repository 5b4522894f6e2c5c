import { describe, expect, it } from 'vitest';
import { dayMs } from '../../src/secrets/duration.ts';
import { createWeb } from '../../src/web/create-web.ts';
import { openApiPath } from '../../src/web/interface/openapi-document.ts';
import { portalPages } from '../../src/web/portal/portal-pages.ts';
import { tokenScopes } from '../../src/web/tokens/api-token.ts';
import { personCalled } from '../provenance/people.ts';
import { openApi, undescribed, validatorOf } from './described-answers.ts';
import { webWorld } from './web-world.ts';

const described = Object.entries(openApi.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
);

/** Every route of the web application that answers, as the router has it. */
function realRoutes(): readonly string[] {
  const { ports } = webWorld();
  const access = { trustLoopback: false, platform: null, sessions: null, tokens: null, openId: null, hosts: [] };
  const web = createWeb(ports, access);
  const routes = web.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${openApiPath(path)}`);
  return [...new Set(routes)].sort();
}

describe('the OpenAPI document', () => {
  it('describes every route that there is, and no other', () => {
    expect(described.map(({ name }) => name).sort()).toEqual(realRoutes());
    expect(described.length).toBeGreaterThan(25);
  });

  it('has a schema for every name, and a name for every schema', () => {
    const text = JSON.stringify(openApi);
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name));
    expect([...referred].sort()).toEqual(Object.keys(openApi.components.schemas).sort());
    for (const schema of Object.values(openApi.components.schemas)) expect(() => validatorOf(schema)).not.toThrow();
  });

  it('names each operation once, and only proofs that it explains', () => {
    const ids = described.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const schemes = new Set(described.flatMap(({ operation }) => operation.security.flatMap(Object.keys)));
    expect([...schemes].sort()).toEqual(Object.keys(openApi.components.securitySchemes).sort());
  });

  it('names the scope and the role by which each page really opens', () => {
    for (const { method, path, role, scope } of portalPages) {
      const security = openApi.paths[openApiPath(path)]?.[method.toLowerCase()]?.security;
      expect([path, security]).toEqual([
        path,
        [{ session: [role] }, ...(scope === null ? [] : [{ apiToken: [scope] }])],
      ]);
    }
  });

  it('is served to a program with any token, and to nobody else', async () => {
    const { send, tokens } = webWorld();
    expect((await send('/openapi.json')).status).toBe(401);
    for (const scope of Object.keys(tokenScopes) as (keyof typeof tokenScopes)[]) {
      const { text } = await tokens.create({ name: 'x', scopes: [scope], lifetimeMs: dayMs, by: personCalled('ann') });
      const answer = await send('/openapi.json', { headers: { authorization: `Bearer ${text.reveal()}` } });
      expect([answer.status, await answer.json()]).toEqual([200, JSON.parse(JSON.stringify(openApi))]);
    }
  });

  it('is held against answers: one of another shape or status is seen', async () => {
    expect(await undescribed('GET', '/secrets', Response.json({ secrets: [] }))).toBeNull();
    expect(await undescribed('GET', '/secrets', Response.json({ secrets: [], more: 1 }))).toContain('additional');
    expect(await undescribed('GET', '/secrets', Response.json({}, { status: 418 }))).toContain('is not described');
    expect(await undescribed('GET', '/reports/p/data/rows.csv', new Response('a,b'))).toBeNull();
  });
});

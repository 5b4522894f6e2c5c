import { globSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';

/** The scopes on which the pages give a runner the role that reads values. */
function scopesForRunners(): readonly string[] {
  const pages = globSync('docs/*.md').map((page) => readFileSync(page, 'utf8').replaceAll('\\\n', ' '));
  const commands = pages.flatMap((page) => page.match(/^az role assignment create .*$/gm) ?? []);
  return commands
    .filter((command) => /--assignee-object-id RUNNER\b/.test(command))
    .map((command) => /--role "Key Vault Secrets User" --scope (\S+)/.exec(command)?.[1] ?? command);
}

describe('the roles that the pages give a runner', () => {
  let cloud: EmbeddedCloud;
  beforeAll(async () => {
    cloud = await startEmbeddedCloud();
  });
  afterAll(() => cloud.stop());

  it('are on individual secrets, in the quick start as on the page of the operator', () => {
    const scopes = scopesForRunners();
    expect(scopes.length).toBeGreaterThanOrEqual(2);
    expect(scopes.filter((scope) => !/^\$VAULT\/secrets\/[0-9a-z-]+$/.test(scope))).toEqual([]);
  });

  it('let it read those secrets, and neither the staging key, the canary nor a pending value', async () => {
    const runner = cloud.identity.define({ name: 'runner', kind: 'managed-identity', address: '203.0.113.7' });
    const own = scopesForRunners().map((scope) => scope.replace('$VAULT/secrets/', ''));
    const others = ['keyturn-staging-key', 'keyturn-canary', 'rot-pending--deploy-token'];
    for (const name of [...own, ...others]) cloud.vault.seed({ name, value: `value of ${name}` });
    for (const name of own) cloud.vault.grant(runner, ['get'], name);
    const query = new URLSearchParams({ 'api-version': '2018-02-01', resource: 'https://vault.azure.net' });
    query.set('client_id', runner.clientId);
    const token = await fetch(`${cloud.identity.url}/metadata/identity/oauth2/token?${query.toString()}`, {
      headers: { metadata: 'true' },
    });
    const { access_token: bearer } = (await token.json()) as { access_token: string };
    const status = async (name: string) => {
      const headers = { authorization: `Bearer ${bearer}` };
      return (await fetch(`${cloud.vault.url}/secrets/${name}?api-version=7.4`, { headers })).status;
    };
    expect(await Promise.all(own.map(status))).toEqual(own.map(() => 200));
    expect(await Promise.all(others.map(status))).toEqual([403, 403, 403]);
  });
});

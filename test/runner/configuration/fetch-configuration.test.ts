import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { FetchConfiguration } from '../../../src/runner/configuration/fetch-configuration.ts';
import { loadFetchConfiguration } from '../../../src/runner/configuration/load-fetch-configuration.ts';
import { parseFetchConfiguration } from '../../../src/runner/configuration/parse-fetch-configuration.ts';
import { vaultAddress } from '../../../src/runner/configuration/vault-address.ts';
import { ServiceError } from '../../../src/service-error.ts';

const directory = mkdtempSync(join(tmpdir(), 'fetch-configuration-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const plain = {
  format: 1,
  gitea: 'https://git.example.net/',
  vaults: [{ name: 'kv-prod', url: 'https://kv-prod.vault.azure.net/' }],
  identity: { kind: 'managed-identity' },
};
const loopback = {
  ...plain,
  gitea: 'http://localhost:3000',
  vaults: [{ name: 'kv', url: 'http://127.0.0.1:1' }],
  identity: { kind: 'managed-identity', endpoint: 'http://127.0.0.1:2' },
};
const guid = '00000000-0000-4000-8000-000000000000';
const parse = (value: unknown): FetchConfiguration => parseFetchConfiguration('f', JSON.stringify(value));
const failureOf = (act: () => unknown): string => {
  try {
    act();
    return 'none';
  } catch (error) {
    if (ServiceError.is(error, 'FETCH_CONFIGURATION_MALFORMED')) return error.details.place;
    return ServiceError.is(error) ? error.code : 'not ours';
  }
};

describe('the fetch configuration', () => {
  it('is accepted with defaults, and addresses lose their trailing slash', () => {
    expect(parse(plain)).toMatchObject({
      service: null,
      gitea: 'https://git.example.net',
      names: 'auto',
      withoutJob: 'warn',
      identity: { clientId: null, endpoint: 'http://169.254.169.254' },
    });
  });

  it.each([
    ['an unknown member', { ...plain, vault: 'x' }, 'vault'],
    ['no vault', { ...plain, vaults: [] }, 'vaults'],
    ['a vault twice', { ...plain, vaults: [plain.vaults[0], plain.vaults[0]] }, 'vaults'],
    ['plain http', { ...plain, service: 'http://keyturn.example.net' }, 'service'],
    ['a password in an address', { ...plain, gitea: 'https://a:b@git.example.net' }, 'gitea'],
    [
      'a foreign token endpoint',
      { ...plain, identity: { kind: 'managed-identity', endpoint: 'https://x.example' } },
      'identity.endpoint',
    ],
    ['no kind', { ...plain, identity: {} }, 'identity.kind'],
    [
      'a foreign authority',
      {
        ...plain,
        identity: { kind: 'workload-identity', tenantId: guid, clientId: guid, authority: 'https://x.example' },
      },
      'identity.authority',
    ],
    [
      'two proofs',
      {
        ...plain,
        identity: {
          kind: 'service-principal',
          tenantId: guid,
          clientId: guid,
          secretFile: '/a',
          certificateFile: '/b',
        },
      },
      'identity',
    ],
  ])('is refused with %s, naming the place', (_fault, value, place) => {
    expect(failureOf(() => parse(value))).toBe(place);
  });

  it('is trusted if only root can write it, and a job can name one only if it stays on this machine', () => {
    const [mounted, own] = [join(directory, 'mounted.json'), join(directory, 'own.json')];
    writeFileSync(own, JSON.stringify(plain));
    const load = (path: string) =>
      failureOf(() => loadFetchConfiguration({ KEYTURN_FETCH_CONFIGURATION: path }, mounted));
    expect(load(own)).toBe('FETCH_CONFIGURATION_UNTRUSTED');
    expect(load('')).toBe('FETCH_CONFIGURATION_MISSING');
    expect(load(join(directory, 'none.json'))).toBe('FETCH_CONFIGURATION_MISSING');
    writeFileSync(own, JSON.stringify(loopback));
    expect(load(own)).toBe('none');
    const pipe = join(directory, 'pipe.json');
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', pipe]);
    expect(load(pipe)).toBe('FETCH_CONFIGURATION_UNTRUSTED');
    // If the operator's file exists, no other is used, even if it is refused.
    writeFileSync(mounted, JSON.stringify(plain), { mode: 0o644 });
    expect(load(own)).toBe(process.getuid?.() === 0 ? 'none' : 'FETCH_CONFIGURATION_UNTRUSTED');
    chmodSync(mounted, 0o666);
    expect(load(own)).toBe('FETCH_CONFIGURATION_UNTRUSTED');
    chmodSync(mounted, 0o644);
    if (process.getuid?.() === 0) chownSync(mounted, 65_534, 65_534);
    expect(load(own)).toBe('FETCH_CONFIGURATION_UNTRUSTED');
  });
});

describe('the host of a vault', () => {
  const at = (url: string, more: object = {}) =>
    failureOf(() => vaultAddress(parse({ ...plain, vaults: [{ name: 'kv-prod', url }], ...more }), null));

  it.each([
    'https://evil.vault.azure.net.attacker.example',
    'https://vault.azure.net',
    'https://xvault.azure.net',
    'https://attacker.example/kv.vault.azure.net',
  ])('receives no token if it is %s', (url) => {
    expect(at(url)).toBe('VAULT_HOST_REFUSED');
  });

  it('may be in Azure’s domain, in another cloud, or configured', () => {
    expect(at('https://kv.vault.azure.net')).toBe('none');
    expect(
      vaultAddress(
        parse({ ...plain, cloud: 'china', vaults: [{ name: 'cn', url: 'https://kv.vault.azure.cn' }] }),
        'cn',
      ).resource,
    ).toBe('https://vault.azure.cn');
    expect(at('https://kv.vaults.example')).toBe('VAULT_HOST_REFUSED');
    expect(at('https://kv.vaults.example', { vaultDomains: ['vaults.example'] })).toBe('none');
    // A vault of another cloud than the configuration's is a foreign host, and so is another cloud's authority.
    expect(at('https://kv.vault.azure.cn')).toBe('VAULT_HOST_REFUSED');
    expect(at('https://kv.vault.azure.net', { cloud: 'us-government' })).toBe('VAULT_HOST_REFUSED');
    expect(failureOf(() => vaultAddress(parse(plain), 'kv-dev'))).toBe('VAULT_NOT_CONFIGURED');
  });
});

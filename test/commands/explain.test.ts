import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Called, callCommand } from './call-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-explain-'));
  await writeFile(
    join(folder, 'keyturn.policy.yml'),
    `
format: 1
secrets:
  kv-prod/database-password:
    { issuer: generated, validity: 90d, environment: prod, namespaces: [shop-prod, release] }
  kv-prod/open: { issuer: generated, validity: 90d }
  kv-prod/guarded:
    { issuer: generated, validity: 90d, namespaces: [deploy], access: { approval: required, approvers: [cem] } }
  kv-dev/open: { issuer: generated, validity: 90d }
  kv-prod/registry:
    issuer: generated
    validity: 90d
    namespaces: [deploy]
    delivery: use
    uses: [{ hosts: [git.example.org], methods: [GET, POST], paths: ['/acme/**'], place: basic }]
namespaces:
  shop-prod: { repositories: [acme/shop], branches: [main] }
  release: { repositories: [acme/shop, acme/tools], branches: ['release/*'], events: [push] }
  deploy: { repositories: [acme/shop], workflows: [deploy.yml], protectedBranch: true }
people: { cem: { issuer: 'https://id.example.org', subject: '7', gitea: 3 } }
identities:
  11111111-2222-3333-4444-555555555555: { role: runner, labels: [prod], repositories: [acme/shop] }
  11111111-2222-3333-4444-666666666666: { role: runner, labels: [shared] }
  66666666-7777-8888-9999-000000000000: { role: rotator }
`,
  );
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const call = async (...words: string[]): Promise<Called> =>
  await callCommand(['explain', ...words], {
    environment: {
      KEYTURN_VAULTS: 'https://kv-prod.vault.azure.net,https://kv-dev.vault.azure.net',
      KEYTURN_IDENTITY_KIND: 'managed-identity',
      KEYTURN_DATA: join(folder, 'records'),
      KEYTURN_POLICY: join(folder, 'keyturn.policy.yml'),
    },
  });

it('needs the policy file alone, named by its option or by KEYTURN_POLICY', async () => {
  const words = ['explain', 'kv-prod/database-password', 'acme/shop', '--branch', 'main'];
  const file = join(folder, 'keyturn.policy.yml');
  expect((await callCommand([...words, '--policy', file])).code).toBe(0);
  expect((await callCommand(words, { environment: { KEYTURN_POLICY: file } })).code).toBe(0);
});

describe('keyturn explain about the broker', () => {
  it('says what it does with a secret in the place of a job that gets no value', async () => {
    const job = ['--workflow', 'deploy.yml', '--branch', 'main', '--protected'];
    const { code, printed } = await call('registry', 'acme/shop', ...job);
    expect(code).toBe(0);
    expect(printed.slice(2, 5)).toEqual([
      '  The broker does not give it to such a job: The policy lets jobs use this secret and gives them no value: run the command with keyturn-fetch exec --use.',
      '  The broker uses it in the place of such a job, which then holds no value:',
      '    GET, POST https://git.example.org /acme/**: in basic.',
    ]);
    const json = await call('registry', 'acme/shop', ...job, '--json');
    expect(JSON.parse(json.printed[0] ?? '')).toMatchObject({
      uses: { allowed: true, requests: [{ place: 'basic' }] },
    });
    const other = await call('registry', 'acme/shop', '--workflow', 'other.yml');
    expect(other.printed.join('\n')).toContain('The broker makes no request with it for such a job: No namespace');
  });

  it('says that a person must approve, and who may', async () => {
    const job = ['--workflow', 'deploy.yml', '--branch', 'main', '--protected'];
    const { code, printed } = await call('guarded', 'acme/shop', ...job);
    expect(code).toBe(0);
    expect(printed[2]).toBe(
      '  The broker gives it to such a job after cem approved, who neither wrote the commit nor started the run.',
    );
  });

  it.each([
    ['another workflow', ['--workflow', 'test.yml', '--protected'], 'its workflows are deploy.yml'],
    [
      'a branch that is not protected',
      ['--workflow', 'deploy.yml', '--branch', 'main'],
      'only runs of a protected branch',
    ],
  ])('says why %s is not served, and ends with 1', async (_what, words, why) => {
    const { code, printed } = await call('guarded', 'acme/shop', ...words);
    expect([code, printed.at(2)]).toEqual([1, expect.stringContaining(why) as string]);
    expect(printed[2]).toContain('The broker does not give it to such a job');
  });

  it('says that a secret without a namespace is served to nobody, though no read is held against one', async () => {
    const { code, printed } = await call('kv-prod/open', 'acme/shop');
    expect(code).toBe(0);
    expect(printed.join('\n')).toContain('The broker does not give it to such a job: The policy names no namespace');
  });

  it('prints the same as JSON', async () => {
    const words = ['--workflow', 'deploy.yml', '--protected', '--json'];
    const { printed } = await call('guarded', 'acme/shop', ...words);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({ broker: { serves: true, because: [], approvers: ['cem'] } });
  });
});

describe('keyturn explain', () => {
  it('names the namespace that allows a read, and the identities that serve the repository', async () => {
    const { code, printed } = await call('database-password', 'acme/shop', '--branch', 'main');
    expect(code).toBe(0);
    expect(printed).toEqual([
      'Jobs of acme/shop may read kv-prod/database-password.',
      '  shop-prod allows it.',
      '  release does not: its branches are release/*.',
      '  The broker gives it to such a job.',
      '  Identity 11111111-2222-3333-4444-555555555555, on runners labelled prod: it serves this repository alone.',
      '  Identity 11111111-2222-3333-4444-666666666666, on runners labelled shared: it serves other repositories too.',
    ]);
  });

  it('needs nothing but a policy file, so that a developer and a pipeline can ask', async () => {
    const words = ['explain', 'database-password', 'acme/shop', '--branch', 'main', '--policy', 'keyturn.policy.yml'];
    const { code, printed } = await callCommand(words, { environment: {}, directory: folder });
    expect([code, printed[0]]).toEqual([0, 'Jobs of acme/shop may read kv-prod/database-password.']);
  });

  it('takes a policy that names secrets alone, as one does where the settings have one vault', async () => {
    const text = 'format: 1\nsecrets:\n  deploy-token: { issuer: generated, validity: 90d }\n';
    await writeFile(join(folder, 'names.policy.yml'), text);
    const words = ['explain', 'deploy-token', 'acme/shop', '--policy', 'names.policy.yml'];
    const { code, printed } = await callCommand(words, { environment: {}, directory: folder });
    expect([code, printed[0]]).toEqual([0, 'Jobs of acme/shop may read deploy-token.']);
  });

  it('takes a repository with its owner alone', async () => {
    const { code, said } = await call('database-password', 'shop');
    expect([code, said[0]]).toEqual([2, 'keyturn explain: REPOSITORY must be written owner/name.']);
  });

  it('says of every namespace why it does not allow a read', async () => {
    const { code, printed } = await call('database-password', 'acme/tools', '--branch', 'main', '--fork', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(printed[0] ?? '')).toMatchObject({
      allowed: false,
      namespaces: [
        {
          name: 'shop-prod',
          allows: false,
          because: ['pull requests from forks may not read', 'its repositories are acme/shop'],
        },
        { name: 'release', because: ['pull requests from forks may not read', 'its branches are release/*'] },
      ],
      identities: [{ objectId: '11111111-2222-3333-4444-666666666666', dedicated: false }],
    });
  });

  it('says that nothing holds a read against a secret without namespaces', async () => {
    const { printed } = await call('kv-dev/open', 'acme/anything');
    expect(printed.slice(0, 2)).toEqual([
      'Jobs of acme/anything may read kv-dev/open.',
      'The policy names no namespace for it: no read is held against one.',
    ]);
  });

  it('asks which vault is meant where several have the name', async () => {
    const { code, said } = await call('open', 'acme/shop');
    expect(code).toBe(2);
    expect(said.join('\n')).toContain('write VAULT/NAME');
  });

  it('refuses a secret that the policy does not bind', async () => {
    const { code, said } = await call('of-nobody', 'acme/shop');
    expect(code).toBe(1);
    expect(said[0]).toMatch(/^SECRET_NOT_BOUND/);
  });
});

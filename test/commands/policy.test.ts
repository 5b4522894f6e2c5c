import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { yamlSource } from '../../src/secrets/yaml-source.ts';
import { policyMistakes } from '../secrets/nineteen-mistakes.ts';
import { callCommand } from './call-command.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'keyturn-policy-'));
});
afterAll(async () => await rm(directory, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(directory, name), text);
  return name;
}

const valid = `format: 1
secrets:
  kv-prod/one:
    issuer: postgresql
    target: { host: db.example.org, database: shop, users: [shop_a, shop_b], administrator: kv-prod/db-admin, form: url }
    validity: 90d
    namespaces: [shop]
  kv-prod/two: { validity: 180d, owner: Team Shop }
namespaces:
  shop: { repositories: [acme/shop], branches: [main] }
`;

describe('keyturn policy check', () => {
  it.each(policyMistakes)('refuses $name offline, with its line and column', async ({ text, at, says }) => {
    const file = await write('mistake.yml', text);
    const { code, printed, said } = await callCommand(['policy', 'check', file, '--vault', 'kv-prod'], { directory });
    expect([code, said.join()]).toEqual([1, expect.stringContaining('mistake')]);
    expect(printed.map((line) => line.split(' ', 1)[0])).toContain(`mistake.yml:${at}`);
    expect(printed.find((line) => line.startsWith(`mistake.yml:${at} `))).toContain(says);
  });

  it('tells all mistakes of a file at once, those of targets among the others, in the order of the file', async () => {
    const text = `format: 1
secrets:
  kv-prod/one: { issuer: nobody, validity: 90d }
  kv-prod/two: { issuer: generated, target: { lenght: 40 }, validity: 90d }
  kv-prod/three: { issuer: generated, validity: soon }
`;
    const file = await write('several.yml', text);
    const { printed } = await callCommand(['policy', 'check', file], { directory });
    expect(printed.map((line) => line.split(' ', 1)[0])).toEqual([
      'several.yml:3:18',
      'several.yml:4:47',
      'several.yml:5:39',
    ]);
  });

  it('tells of each mistake of one entry, and of none that only follows from another', async () => {
    const text = `format: 1
secrets:
  kv-prod/one:
    issuer: genrated
    validity: 90 days
    grace: 60d
    namespaces: [shops]
  kv-prod/two: { issuer: generated, target: { lenght: 40 }, vailidty: 90d }
  kv-prod/three: { issuer: postgresql, target: none, validity: 90d }
  kv-prod/github-pat: { issuer: generated, grace: long, validity: 90d }
namespaces:
  shop: { repositories: [shop], branches: main }
`;
    const file = await write('one-entry.yml', text);
    const { printed } = await callCommand(['policy', 'check', file, '--vault', 'kv-prod'], { directory });
    expect(printed.map((line) => line.replace(/^one-entry\.yml:(\S+ \S+) .*$/, '$1'))).toEqual([
      '4:5 secrets.kv-prod/one.issuer',
      '5:5 secrets.kv-prod/one.validity',
      '7:18 secrets.kv-prod/one.namespaces.0',
      '8:3 secrets.kv-prod/two.validity',
      '8:47 secrets.kv-prod/two.target.lenght',
      '8:61 secrets.kv-prod/two.vailidty',
      '9:40 secrets.kv-prod/three.target',
      '10:25 secrets.kv-prod/github-pat.issuer',
      '10:44 secrets.kv-prod/github-pat.grace',
      '12:26 namespaces.shop.repositories.0',
      '12:33 namespaces.shop.branches',
    ]);
  });

  it('needs no setting: says that a policy is valid, with its digest', async () => {
    const file = await write('valid.yml', valid);
    const { code, printed } = await callCommand(['policy', 'check', file], { directory });
    expect([code, printed]).toEqual([
      0,
      [expect.stringMatching(/^valid\.yml is valid: 1 bound, 1 tracked.* sha256 [0-9a-f]{64}$/)],
    ]);
  });

  it('takes the vaults of KEYTURN_VAULTS, and the file of KEYTURN_POLICY', async () => {
    await write('valid.yml', valid);
    const environment = { KEYTURN_POLICY: 'valid.yml', KEYTURN_VAULTS: 'https://kv-dev.vault.azure.net' };
    const { code, printed } = await callCommand(['policy', 'check', '--json'], { directory, environment });
    expect(code).toBe(1);
    expect(JSON.parse(printed.join(''))).toMatchObject({
      file: 'valid.yml',
      valid: false,
      faults: [
        { line: 3, column: 3 },
        { line: 8, column: 3 },
      ],
    });
  });

  it('ends with 3 for a file that is not there, and with 2 for two files', async () => {
    expect((await callCommand(['policy', 'check', 'nowhere.yml'], { directory })).code).toBe(3);
    expect((await callCommand(['policy', 'check', 'a.yml', 'b.yml'], { directory })).code).toBe(2);
  });
});

describe('keyturn policy schema', () => {
  it('takes a valid policy, and refuses what an editor must mark', async () => {
    const { code, printed } = await callCommand(['policy', 'schema']);
    expect(code).toBe(0);
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(printed.join('\n')) as object);
    expect(validate(yamlSource(valid).value)).toBe(true);
    for (const text of [
      valid.replace('validity: 90d', 'validty: 90d'),
      valid.replace('postgresql', 'postgres'),
      valid.replace('[acme/shop]', '[shop]'),
      valid.replace('format: 1', 'format: 2'),
    ])
      expect([text, validate(yamlSource(text).value)]).toEqual([text, false]);
  });
});

describe('keyturn policy diff', () => {
  const diff = async (after: string, more: readonly string[] = []) => {
    await write('old.yml', valid);
    await write('new.yml', after);
    return await callCommand(['policy', 'diff', 'old.yml', 'new.yml', ...more], { directory });
  };

  it('says nothing of a policy that is the same', async () => {
    expect(await diff(`# another comment\n${valid}`)).toMatchObject({ code: 0, printed: ['Nothing would change.'] });
  });

  it('says which secret becomes unbound, and that it widens', async () => {
    const { code, printed } = await diff(valid.replace(/ {2}kv-prod\/one:[^]*(?= {2}kv-prod\/two)/, ''));
    expect(code).toBe(1);
    expect(printed).toContain(
      '! kv-prod/one becomes unbound: nothing replaces it, and nobody is reminded of it either.',
    );
  });

  it('says which jobs may no longer read, and does not call that wider', async () => {
    const { code, printed } = await diff(
      valid.replace('[acme/shop]', '[acme/store]').replace('namespaces: [shop]', 'namespaces: [shop]'),
    );
    expect(printed).toContain('  Jobs of acme/shop (namespace shop) may no longer read kv-prod/one.');
    expect(printed).toContain('! Jobs of acme/store (namespace shop) may read kv-prod/one, and may not now.');
    expect(code).toBe(1);
    const narrowed = await diff(valid.replace('branches: [main]', 'branches: [main], events: [push]'));
    expect(narrowed.printed).toContain('  Some jobs of acme/shop (namespace shop) may no longer read kv-prod/one.');
    expect(narrowed.code).toBe(0);
  });

  it('says what may become due where no age is known', async () => {
    const { code, printed } = await diff(valid.replace('validity: 90d', 'validity: 30d'));
    expect(printed[0]).toBe(
      '  kv-prod/one may become due: its validity is 30d, and its age is not known here, and its first rotation waits for a go.',
    );
    expect(code).toBe(0);
  });

  it('marks what allows more or demands less', async () => {
    const wider = valid.replace('validity: 90d', 'validity: 365d').replace('branches: [main]', 'forks: true');
    const { code, printed } = await diff(wider);
    expect(code).toBe(1);
    expect(printed).toContain('! secret kv-prod/one: validity from 90d to 365d.');
    expect(printed).toContain('! namespace shop: forks from false to true.');
  });

  it('names the mistakes of either file, and ends with 1', async () => {
    const { code, said } = await diff('format: 2\n');
    expect([code, said.join()]).toEqual([1, expect.stringContaining('new.yml:1:1')]);
  });
});

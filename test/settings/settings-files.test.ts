import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/settings/read-settings.ts';
import { settingTable } from '../../src/settings/setting-table.ts';
import { publishedContract, unlessContractsAreAbsent } from '../published-contracts.ts';
import { settingsPage } from './settings-page.ts';

const root = join(import.meta.dirname, '../..');
const json = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

const example = json(join(root, 'local.settings.example.json'));
const values = example['Values'] as Record<string, string>;

describe('local.settings.example.json', () => {
  it('holds every setting with the example of the table, and nothing else of ours', () => {
    const ours = Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith('KEYTURN_')));
    expect(ours).toEqual(Object.fromEntries(Object.entries(settingTable).map(([name, row]) => [name, row.example])));
  });

  it('is an example that can be read', () => {
    const settings = readSettings(values);
    expect(settings).toMatchObject({
      role: 'all',
      records: { kind: 'blob' },
      openId: { clientSecret: { kind: 'reference' } },
    });
  });
});

describe('docs/settings.md', () => {
  // Written anew by `vitest run test/settings -u`.
  it('says what the table says', async () => {
    await expect(settingsPage()).toMatchFileSnapshot(join(root, 'docs/settings.md'));
  });
});

describe('host.json', () => {
  const host = json(join(root, 'host.json'));

  it('gives routes no prefix, so that they are the same on every host', () => {
    expect(host).toMatchObject({ version: '2.0', extensions: { http: { routePrefix: '' } } });
  });

  it.for([
    ['host.json', 'host.schema.json', host],
    ['local.settings.example.json', 'local.settings.schema.json', example],
  ] as const)('%s validates against the schema that is published', unlessContractsAreAbsent, ([, schema, content]) => {
    const { $schema: _draft, id: _id, $id: _newId, ...rules } = json(publishedContract(`09-functions/${schema}`));
    const ajv = new Ajv({ strict: false, allErrors: true });
    const validate = ajv.compile(rules);
    validate(content);
    expect(validate.errors).toBeNull();
    validate({ Values: 7, version: 'none', extensions: 1 });
    expect(validate.errors).not.toBeNull();
  });
});

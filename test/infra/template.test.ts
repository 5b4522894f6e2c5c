import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isSettingName } from '../../src/settings/setting-table.ts';
import { type BicepDeclaration, type BicepFile, readBicep } from './read-bicep.ts';
import {
  environmentVariables,
  notOnFunctions,
  parametersFile,
  settingsOnFunctions,
  settingsType,
} from './template-files.ts';

const infra = join(import.meta.dirname, '../../infra');
const files: ReadonlyMap<string, BicepFile> = new Map(
  globSync(`${infra}/*.bicep`).map((file) => [basename(file), readBicep(readFileSync(file, 'utf8'))]),
);
const all = [...files].flatMap(([file, { declarations }]) => declarations.map((one) => ({ file, ...one })));
const code = [...files.values()].map((file) => file.code).join('\n');
const main = fileOf('main.bicep');

function fileOf(name: string): BicepFile {
  const file = files.get(name);
  if (file === undefined) throw new Error(`infra/${name} is absent.`);
  return file;
}

function named(file: string, kind: BicepDeclaration['kind']): readonly string[] {
  return fileOf(file).declarations.flatMap((one) => (one.kind === kind ? [one.name] : []));
}

/** Built-in roles by id. Source: Azure's list of built-in roles. */
const builtInRoles: Readonly<Record<string, string>> = {
  '21090545-7ca7-4776-b22c-e363652d74d2': 'Key Vault Reader',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  '12338af0-0e69-4776-bea7-57ae8d297424': 'Key Vault Crypto User',
  '73c42c96-874c-492b-b04d-ab87d138a893': 'Log Analytics Reader',
  'acdd72a7-3385-48ef-bd42-f606fba81ae7': 'Reader',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
};

describe('every template', () => {
  it('uses each parameter and variable that it declares', () => {
    const unused = all
      .filter(({ kind }) => kind === 'param' || kind === 'var')
      .filter(({ file, name }) => (fileOf(file).code.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0) < 2);
    expect(unused.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  it('gives each module exactly the parameters that it has', () => {
    for (const { file, name, of, text } of all.filter(({ kind }) => kind === 'module')) {
      const declared = fileOf(of ?? '').declarations.filter(({ kind }) => kind === 'param');
      const [, block = ''] = /\n( *)params: \{\n([\s\S]*?)\n\1\}/.exec(text)?.slice(1) ?? [];
      const depth = Math.min(...[...block.matchAll(/^( *)\S/gm)].map(([, indent = '']) => indent.length));
      const given = [...block.matchAll(/^( *)(\w+):/gm)].flatMap(([, indent = '', key = '']) =>
        indent.length === depth ? [key] : [],
      );
      expect(given.sort(), `${file}: ${name}`).toEqual(declared.map((one) => one.name).sort());
    }
  });

  it('names for each resource its type and a dated API version, and takes no module from a registry', () => {
    for (const { file, name, of } of all.filter(({ kind }) => kind === 'resource')) {
      expect(of, `${file}: ${name}`).toMatch(/^(?:[A-Z][\w.]+(?:\/\w+)+@20\d\d-\d\d-\d\d(?:-preview)?|\w+)$/);
    }
    for (const { of } of all.filter(({ kind }) => kind === 'module')) expect(files.has(of ?? '')).toBe(true);
    expect(code).not.toMatch(/'(?:br|ts)[:/]/);
  });

  it('assigns built-in roles by ids that are known, and each to one identity', () => {
    const ids = [...code.matchAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g)].map(([id]) => id);
    expect(ids.filter((id) => builtInRoles[id] === undefined)).toEqual([]);
    expect(new Set(ids).size).toBe(Object.keys(builtInRoles).length);
  });

  it('has no wildcard in a right, no public access, no shared key, no old TLS and no plain http', () => {
    expect(code.match(/'[^'\n]*\*[^'\n]*'/g)).toBeNull();
    const accounts = all.filter(
      ({ kind, of }) => kind === 'resource' && of?.startsWith('Microsoft.Storage/storageAccounts@'),
    );
    expect(accounts).toHaveLength(2);
    for (const { text } of accounts) {
      expect(text).toContain('allowBlobPublicAccess: false');
      expect(text).toContain('allowSharedKeyAccess: false');
      expect(text).toContain("minimumTlsVersion: 'TLS1_2'");
      const containers = text.match(/'containers' = \{/g)?.length;
      expect(text.match(/publicAccess: 'None'/g)).toHaveLength(containers ?? 0);
    }
    expect(code).toContain('httpsOnly: true');
    expect(code).not.toMatch(/publicNetworkAccess: 'Enabled'/);
    expect(code).not.toMatch(/AccountKey|listKeys|listConnectionStrings|SharedAccessSignature/);
  });
});

describe('the settings of the apps', () => {
  // Both are written anew by `vitest run test/infra -u`.
  it('can be any of those that an app on Functions can have', async () => {
    await expect(settingsType()).toMatchFileSnapshot(join(infra, 'settings.bicep'));
    await expect(parametersFile()).toMatchFileSnapshot(join(infra, 'main.parameters.json'));
  });

  it('leave out only settings that exist and cannot count there', () => {
    expect(Object.keys(notOnFunctions).filter((name) => !isSettingName(name))).toEqual([]);
  });

  it('that the template sets itself are settings, and the operator can replace all but role and identity', () => {
    const [module = ''] = all.filter(({ of }) => of === 'app.bicep').map(({ text }) => text);
    const set = [...module.matchAll(/^\s+(KEYTURN_[A-Z_]+):/gm)].map(([, name = '']) => name);
    expect(set.filter((name) => !isSettingName(name))).toEqual([]);
    const after = module.slice(module.indexOf('items(settings)'));
    const fixed = set.filter((name) => after.includes(name));
    expect(fixed).toEqual(['KEYTURN_ROLE', 'KEYTURN_IDENTITY_KIND', 'KEYTURN_IDENTITY_CLIENT_ID']);
    expect(set.filter((name) => !fixed.includes(name) && !settingsOnFunctions.includes(name as never))).toEqual([]);
  });

  it('leave no secret for the platform to resolve in the name of an identity', () => {
    expect(code).not.toMatch(/@Microsoft\.KeyVault|keyVaultReferenceIdentity/);
  });
});

describe('the parameters of main.bicep', () => {
  it('are those that azd fills from its environment', () => {
    expect([...named('main.bicep', 'param')].sort()).toEqual([...Object.keys(environmentVariables), 'settings'].sort());
  });

  it('hold settings as secure, so that no deployment record shows them', () => {
    const [settings] = main.declarations.filter(({ kind, name }) => kind === 'param' && name === 'settings');
    expect(settings?.decorators).toContain('@secure()');
  });
});

describe('who may do what', () => {
  const textOf = (name: string) =>
    main.declarations.find((one) => one.kind === 'resource' && one.name === name)?.text ?? '';

  it('lets the actor set secrets and not seal, and the attester seal and not set', () => {
    expect(textOf('rotatorOnVault')).toContain('identities[actorIndex].properties.principalId');
    expect(textOf('reporterOnKey')).toContain('identities[attesterIndex].properties.principalId');
    expect(main.code.match(/rotatorRole\.id/g)).toHaveLength(2);
    expect(main.code).toContain("concat(separateApps ? ['rotate', 'report'] : ['all'], withBroker ? ['broker'] : [])");
  });

  it('gives a role on the whole vault to the actor and the attester alone, and the broker single secrets', () => {
    const onVault = main.declarations.filter(
      ({ text }) => text.includes('scope: vault\n') && text.includes('roleAssignments@'),
    );
    expect(onVault.map(({ name }) => name)).toEqual(['rotatorOnVault', 'reporterOnVault']);
    expect(textOf('brokerOnSecrets')).toContain('scope: readByBroker[index]');
  });

  it('names the custom role after the installation, so that a second one does not rename the first', () => {
    expect(textOf('rotatorRole')).toContain("guid(resourceGroup().id, name, 'keyturn-rotator')");
  });
});

describe('what is there already', () => {
  it('is taken as it is: the diagnostic setting, and the one system topic that a vault can have', () => {
    expect(main.code).toMatch(/diagnosticSettings@\S+' = if \(createDiagnosticSetting\)/);
    const events = fileOf('events.bicep').code;
    expect(events).toMatch(
      /resource topic '\S+' = if \(empty\(existingTopicName\)\) \{\n {2}name: .*\n {2}location: vault\.location/,
    );
  });
});

describe('what must not be lost unseen', () => {
  it('is told: functions that fail, calls for a person, a setup that lacks something, dead letters', () => {
    const alerts = fileOf('alerts.bicep').code;
    for (const needed of ['requests | where success == false', 'needs-attention', 'check-setup', 'DeadLetteredCount'])
      expect(alerts).toContain(needed);
    expect(code).toContain('deadLetterWithResourceIdentity');
    // A trace that sampling left out would raise no alert.
    const host = JSON.parse(readFileSync(join(infra, '../host.json'), 'utf8')) as {
      logging: { applicationInsights: { samplingSettings: { excludedTypes: string } } };
    };
    expect(host.logging.applicationInsights.samplingSettings.excludedTypes.split(';').sort()).toEqual([
      'Exception',
      'Request',
      'Trace',
    ]);
  });

  it('can be restored or cannot be deleted: soft delete, versions, immutable packs', () => {
    const records = fileOf('records.bicep').code;
    for (const needed of [
      'isVersioningEnabled: true',
      'deleteRetentionPolicy: { enabled: true',
      'containerDeleteRetentionPolicy: { enabled: true',
      'immutableStorageWithVersioning: { enabled: true }',
      'immutabilityPeriodSinceCreationInDays: packDays',
    ])
      expect(records).toContain(needed);
  });
});

describe('azure.yaml', () => {
  const azure = parse(readFileSync(join(infra, '../azure.yaml'), 'utf8')) as {
    readonly infra: { readonly provider: string; readonly path: string; readonly module: string };
    readonly hooks: Readonly<Record<string, { readonly run: string; readonly shell: string }>>;
  };

  it('names templates and hooks that exist', () => {
    expect(azure.infra).toEqual({ provider: 'bicep', path: 'infra', module: 'main' });
    expect(Object.keys(azure.hooks)).toEqual(['preprovision', 'postprovision']);
    for (const { run } of Object.values(azure.hooks)) expect(globSync(run, { cwd: join(infra, '..') })).toHaveLength(1);
  });

  it('subscribes after the package is there, with the parameters that the template has', () => {
    const hook = readFileSync(join(infra, 'hooks/postprovision.sh'), 'utf8');
    const at = hook.indexOf('--template-file infra/subscription.bicep');
    expect(hook.indexOf('config-zip')).toBeLessThan(at);
    const [given = ''] = hook.slice(at).split('\n\n');
    const names = [...given.matchAll(/(\w+)="/g)].map(([, name = '']) => name);
    expect(names.sort()).toEqual([...named('subscription.bicep', 'param')].sort());
  });

  it('has hooks that use only variables which the template, azd or they themselves set', () => {
    const outputs = named('main.bicep', 'output');
    const given = new Set([...outputs, ...Object.values(environmentVariables).map((one) => one.split('=')[0] ?? '')]);
    for (const hook of globSync(`${infra}/hooks/*.sh`)) {
      const text = readFileSync(hook, 'utf8');
      const set = [...text.matchAll(/^\s*(?:export )?(\w+)=/gm), ...text.matchAll(/\bfor (\w+) in/g)].map(
        ([, name]) => name,
      );
      const used = [...text.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, name = '']) => name);
      const unknown = used.filter(
        (name) => !given.has(name) && !set.includes(name) && !isSettingName(name) && !name.startsWith('AZURE_'),
      );
      expect(unknown, hook).toEqual([]);
    }
  });
});

describe('the reader of templates', () => {
  it('refuses brackets and strings that do not match, wherever one is left out', () => {
    const text = readFileSync(join(infra, 'main.bicep'), 'utf8');
    const signs = [...text.matchAll(/[()[\]{}]/g)]
      .map(({ index }) => index)
      .filter((index) => !/^\s*(?:\/\/|@)/.test(text.slice(text.lastIndexOf('\n', index) + 1)));
    fc.assert(
      fc.property(fc.constantFrom(...signs), (at) => {
        const line = text.slice(text.lastIndexOf('\n', at) + 1, at);
        fc.pre((line.split("'").length - 1) % 2 === 0);
        expect(() => readBicep(text.slice(0, at) + text.slice(at + 1))).toThrow();
      }),
      { numRuns: 40 },
    );
  });
});

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pieces } from '../../scripts/helper-pieces.ts';
import { settleBillOfMaterials } from '../../scripts/settle-bill-of-materials.ts';

interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly size: number;
  readonly unpackedSize: number;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly private?: boolean;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
};
let packed: Packed;
let paths: readonly string[];

beforeAll(() => {
  const words = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  // npm prints a list of packages, or since version 11 a map of them by name.
  const [found] = Object.values(JSON.parse(execFileSync('npm', words, { encoding: 'utf8' })) as Record<string, Packed>);
  if (found === undefined) throw new Error('npm pack lists no package.');
  packed = found;
  paths = found.files.map(({ path }) => path);
});

describe('the package', () => {
  it('can be published, and has at most 30 MB', () => {
    expect(manifest.private).toBeUndefined();
    expect(packed.unpackedSize).toBeLessThan(30_000_000);
  });

  it('holds no source, no test, no bench and nothing that was made while trying it out', () => {
    const unwanted = /^(src|test|bench|embedded|functions|scripts|infra|\.)|\.(ts|map|tgz|png)$|fixture|node_modules/;
    expect(paths.filter((path) => unwanted.test(path))).toEqual([]);
  });

  it('holds both programs, what they load by path, and their licences', () => {
    for (const path of [
      ...Object.values(manifest.bin),
      'LICENSE',
      'CHANGELOG.md',
      'dist/third-party-licences.txt',
      'templates/report.hbs',
      'templates/report.typ',
      'dist/chunks/pdf-worker.js',
      'action/dist/post.mjs',
      ...Object.values(pieces).map((piece) => `dist/fetch/${piece}`),
    ])
      expect(paths).toContain(path);
    expect(paths.filter((path) => path.endsWith('.kql')).length).toBeGreaterThan(0);
  });

  it('starts each program with a line that names its interpreter', () => {
    for (const path of Object.values(manifest.bin)) {
      expect(readFileSync(path, 'utf8').split('\n', 1)[0]).toBe('#!/usr/bin/env node');
    }
  });

  it('carries the licence of each package whose code it holds', () => {
    const text = readFileSync('dist/third-party-licences.txt', 'utf8');
    for (const name of ['commander', 'hono', 'zod', 'handlebars', '@azure/identity', 'yaml']) {
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\nLicence: \\w+`, 'm'));
    }
    expect(text).not.toMatch(/^Licence: (?!MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak)/m);
  });
});

describe('the list of what an installation brings along', () => {
  const lock = {
    name: 'keyturn',
    packages: {
      '': {},
      'node_modules/typst': { version: '1.0.0' },
      'node_modules/typst-linux-x64': { version: '1.0.0' },
      'node_modules/vitest': { version: '5.0.0', dev: true },
    },
  };
  const bill = (serialNumber: string, timestamp: string) =>
    settleBillOfMaterials(
      JSON.stringify({
        serialNumber,
        metadata: { timestamp, component: { name: 'some-folder', 'bom-ref': 'keyturn@0.2.0' } },
        components: [
          { name: 'typst', 'bom-ref': 'typst@1.0.0', licenses: [{ license: { id: 'Apache-2.0' } }] },
          { name: 'typst-linux-x64', 'bom-ref': 'typst-linux-x64@1.0.0' },
          { name: 'vitest', 'bom-ref': 'vitest@5.0.0', licenses: [{ license: { id: 'MIT' } }] },
        ],
        dependencies: [{ ref: 'keyturn@0.2.0', dependsOn: ['typst@1.0.0', 'vitest@5.0.0'] }, { ref: 'vitest@5.0.0' }],
      }),
      lock,
    );
  const settled = bill('urn:uuid:1', '2026-03-01T00:00:00Z');

  it('is the same for the same packages, and names a licence for each', () => {
    expect(bill('urn:uuid:2', '2026-03-02T00:00:00Z')).toBe(settled);
    const { components, metadata, serialNumber } = JSON.parse(settled) as {
      components: readonly { licenses?: unknown }[];
      metadata: { component: { name: string } };
      serialNumber: string;
    };
    expect(components.every(({ licenses }) => licenses !== undefined)).toBe(true);
    expect(metadata.component.name).toBe('keyturn');
    expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('leaves out what only development needs', () => {
    const { components, dependencies } = JSON.parse(settled) as {
      components: readonly { name: string }[];
      dependencies: readonly unknown[];
    };
    expect(components.map(({ name }) => name)).toEqual(['typst', 'typst-linux-x64']);
    expect(dependencies).toEqual([{ ref: 'keyturn@0.2.0', dependsOn: ['typst@1.0.0'] }]);
  });
});

describe('keyturn --help', () => {
  it('loads the command line alone: no client of Azure, no database driver, no embedded cloud', () => {
    const loaded = loadedBy('dist/cli.js');
    const size = loaded.reduce((sum, path) => sum + readFileSync(path).length, 0);
    expect(loaded.length).toBeGreaterThan(1);
    expect(size).toBeLessThan(300_000);
  });
});

/** A built file and all that it loads before it does anything; of cli.js also what it loads for every command. */
function loadedBy(entry: string): readonly string[] {
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(path, 'utf8');
    const late = path === entry ? [...text.matchAll(/\bimport\("(\.[^"]+)"\)/g)] : [];
    for (const [, to = ''] of [...text.matchAll(/^(?:import|export) ?(?:[^"';]*? from )?"(\.[^"]+)";$/gm), ...late])
      visit(normalize(join(dirname(path), to)));
  };
  visit(entry);
  return [...seen];
}

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modulesFor, packageFiles, packageManifest, zipPackage } from '../../scripts/functions-package.ts';

const root = join(import.meta.dirname, '../..');
const typst = 'node_modules/@myriaddreamin/typst-ts-node-compiler';
let folder: string;
let content: Readonly<Record<string, Uint8Array>>;
let paths: readonly string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-functions-test-'));
  const policy = join(folder, 'own.yml');
  writeFileSync(policy, 'format: 1\n');
  // The packages of the project's own installation stand for those that `npm run package` installs.
  content = unzipSync(zipPackage(root, packageFiles(root, { installed: root, policy })));
  paths = Object.keys(content);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the deployment package', () => {
  it('holds the functions, what they load by path, the policy, and nothing that a laptop keeps', () => {
    for (const path of [
      'host.json',
      'package.json',
      'keyturn.policy.yml',
      'dist/functions/web.js',
      'dist/chunks/pdf-worker.js',
      'dist/chunks/retrievals.kql',
      'templates/report.typ',
    ])
      expect(paths).toContain(path);
    const roots = new Set(paths.map((path) => path.split('/')[0] ?? ''));
    expect([...roots].sort()).toEqual([
      'LICENSE',
      'dist',
      'host.json',
      'keyturn.policy.yml',
      'node_modules',
      'package.json',
      'templates',
    ]);
    const unwanted = /(^|\/)\.keyturn|^(?!node_modules).*(test|embedded)\/|local\.settings|sealing-key|\.key$|\.map$/;
    expect(paths.filter((path) => unwanted.test(path))).toEqual([]);
  });

  it('holds the PDF engine for Linux on x64, whatever machine made it, and for no other', () => {
    const engines = new Set(paths.filter((path) => path.endsWith('.node')).map((path) => dirname(path)));
    expect([...engines]).toEqual([`${typst}-linux-x64-gnu`]);
  });

  it('holds no development package', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; os?: string[] }>;
    };
    const taken = modulesFor({ packages });
    expect(taken.length).toBeGreaterThan(5);
    expect(taken.filter((path) => packages[path]?.dev === true)).toEqual([]);
  });

  it('is the same for the same files', () => {
    const files = new Map([...packageFiles(root, { installed: root, policy: null })].slice(0, 20));
    expect(Buffer.from(zipPackage(root, files)).equals(zipPackage(root, files))).toBe(true);
  });

  it('loads every function and draws a PDF from what is in it alone', () => {
    const place = join(folder, 'wwwroot');
    for (const [path, bytes] of Object.entries(content)) {
      mkdirSync(join(place, dirname(path)), { recursive: true });
      writeFileSync(join(place, path), bytes);
    }
    const script = `
      const { globSync } = await import('node:fs');
      for (const file of globSync('dist/functions/*.js')) await import('${place}/' + file);
      const { NodeCompiler } = await import('${place}/${typst}/index.js').then((m) => m.default ?? m);
      for (const driver of ['pg', 'mysql2/promise', 'ioredis']) await import(driver);
      const compiler = NodeCompiler.create();
      process.stdout.write(String(compiler.pdf({ mainFileContent: 'Report' }).length));`;
    writeFileSync(join(place, 'look.mjs'), script);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['look.mjs'], { cwd: place, encoding: 'utf8' });
    expect([status, stderr.replaceAll(/^.*(?:Functions runtime|Skipping call).*$/gm, '').trim()]).toEqual([0, '']);
    expect(Number(/(\d+)$/.exec(stdout)?.[1])).toBeGreaterThan(500);
  });

  it('has a manifest with the entry points that the host expands, and only the packages that it loads', () => {
    const manifest = JSON.parse(packageManifest(root)) as { main: string; dependencies: Record<string, string> };
    expect(manifest.main).toBe('dist/functions/*.js');
    for (const [name, version] of Object.entries(manifest.dependencies)) {
      expect(paths).toContain(`node_modules/${name}/package.json`);
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});

describe('npm run package', () => {
  it('refuses a policy that is absent, before it builds anything', () => {
    const call = () =>
      execFileSync(process.execPath, ['scripts/package-functions.mjs', '--policy', join(folder, 'none.yml')], {
        stdio: 'pipe',
      });
    expect(call).toThrow(/Correct --policy/);
  });
});

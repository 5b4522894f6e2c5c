import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What each room may import, beside itself and packages. Imports point one way: docs/decisions.md, "The house". */
const ground = ['secrets', 'provenance', 'records', 'faults', 'service-error.ts'];
const features = ['rotation', 'audit', 'evidence'];
const adapters = ['azure', 'gitea', 'files', 'issuers'];
const rooms: Record<string, readonly string[]> = {
  faults: [],
  'service-error.ts': ['faults'],
  secrets: ['service-error.ts', 'faults'],
  provenance: ['service-error.ts', 'faults', 'secrets'],
  records: ['service-error.ts', 'faults', 'provenance'],
  rotation: ground,
  audit: [...ground, 'rotation/history'],
  evidence: [...ground, 'rotation/history', 'audit/model'],
  gitea: [...ground, ...features],
  azure: [...ground, ...features, 'settings.ts', 'settings'],
  files: [...ground, ...features],
  issuers: [...ground, 'rotation', 'azure', 'gitea'],
  runner: ['secrets', 'provenance', 'service-error.ts', 'faults'],
  // One room: `settings.ts` says what there is, `settings/` reads it.
  settings: ['service-error.ts', 'faults', 'secrets', 'settings.ts'],
  'settings.ts': ['secrets'],
  'keyturn.ts': ['settings.ts'],
  web: [...ground, ...features, 'keyturn.ts', 'settings.ts', 'settings'],
  'compose.ts': [...ground, ...features, ...adapters, 'web', 'settings.ts', 'settings', 'keyturn.ts', 'composition'],
  composition: [...ground, ...features, ...adapters, 'web', 'settings.ts', 'settings', 'keyturn.ts'],
};
const hosts = ['server.ts', 'cli.ts', 'commands'];

describe('the import rule', () => {
  it('lets imports point one way only', () => {
    expect(globSync('src/**/*.ts').flatMap((file) => violations(file.replaceAll('\\', '/')))).toEqual([]);
  });

  it('goes red for an import against the rule', () => {
    expect(refused('rotation/advance-rotation.ts', 'azure/key-vault-secret-store.ts')).toBe(true);
    expect(refused('evidence/pack.ts', 'audit/attribute-retrievals.ts')).toBe(true);
    expect(refused('runner/main.ts', 'records/record-store.ts')).toBe(true);
  });

  it('keeps the embedded cloud free of the code it stands in for', () => {
    const importers = globSync('embedded/**/*.ts').filter((file) =>
      importsOf(file).some((path) => !path.startsWith('embedded/')),
    );
    expect(importers).toEqual([]);
  });

  it('keeps Functions at one call each, in at most 40 lines', () => {
    const long = globSync('functions/*.ts').filter((file) => readFileSync(file, 'utf8').split('\n').length > 41);
    expect(long).toEqual([]);
  });

  it('keeps every file of the product under 250 lines', () => {
    const long = globSync(['src/**/*.ts', 'functions/*.ts', 'embedded/**/*.ts']).filter(
      (file) => readFileSync(file, 'utf8').split('\n').length > 251,
    );
    expect(long).toEqual([]);
  });
});

function violations(file: string): string[] {
  const from = file.slice('src/'.length);
  return importsOf(file)
    .map((path) => (path.startsWith('src/') ? path.slice('src/'.length) : `../${path}`))
    .filter((to) => refused(from, to))
    .map((to) => `${from} imports ${to}`);
}

function refused(from: string, to: string): boolean {
  const room = roomOf(from);
  if (hosts.includes(room)) return false;
  const allowed = rooms[room];
  if (allowed === undefined) return true;
  return roomOf(to) !== room && !allowed.some((door) => to === door || to.startsWith(`${door}/`));
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

/** Paths that a file imports, from the project's root; packages left out. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((found) =>
    relative('.', join(dirname(file), found[1] ?? '')).replaceAll('\\', '/'),
  );
}

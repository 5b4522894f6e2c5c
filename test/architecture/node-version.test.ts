import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { engines, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  engines: { node: string };
  devDependencies: Record<string, string>;
};
const version = /^>=(\d+)$/.exec(engines.node)?.[1] ?? '';

/** Runs before the project's own Node is installed, or on the Node of a job's image. */
const older = '20';

describe('the Node version that package.json names', () => {
  it('is the one that the project brings and runs its tests on', () => {
    const major = (text: string | undefined) => text?.split('.')[0];
    expect([major(devDependencies['node']), major(devDependencies['@types/node'])]).toEqual([version, version]);
    expect(process.versions.node.split('.')[0]).toBe(version);
  });

  it('is the one of the workflows and of the Functions app', () => {
    const named = globSync(['.gitea/workflows/*.yml', '.github/workflows/*.yml', 'infra/*.bicep'])
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/node:(\d+)|name: 'node', version: '(\d+)'/g)])
      .map(([, image, runtime]) => image ?? runtime);
    expect(named).toEqual([version, version, version]);
  });

  it('is the one below which the command line says so and stops', () => {
    expect(readFileSync('src/cli.ts', 'utf8')).toContain(`leastNode = ${version};`);
  });

  it(`is the only one that the documents name, beside Node ${older} for what runs without an installation`, () => {
    const pages = globSync(['*.md', 'docs/*.md', 'action/*.md']).filter((page) => page !== 'CHANGELOG.md');
    const others = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\bNode(?:\.js)? (\d+)/g)]
        .filter(([, named]) => named !== version && named !== older)
        .map(([text]) => `${page}: ${text}`),
    );
    expect(others).toEqual([]);
  });
});

import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { engines, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  engines: { node: string };
  devDependencies: Record<string, string>;
};
/** What an installation needs at least. */
const least = /^>=(\d+)$/.exec(engines.node)?.[1] ?? '';
/** What the project brings for its own tests and scripts. */
const own = majorOf(devDependencies['node']);
/** Runs before the project's own Node is installed, or on the Node of a job's image. */
const older = '20';

describe('the Node version', () => {
  it('that the project brings is the one that its tests run on, and an installation needs no newer one', () => {
    expect(majorOf(devDependencies['@types/node'])).toBe(own);
    expect(majorOf(process.versions.node)).toBe(own);
    expect(Number(least)).toBeLessThanOrEqual(Number(own));
  });

  it('of the workflows, of the image and of the Functions app is the one that the project brings', () => {
    const named = globSync(['.gitea/workflows/*.yml', '.github/workflows/*.yml', 'infra/*.bicep', 'deploy/Dockerfile'])
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/node:(\d+)|name: 'node', version: '(\d+)'/g)])
      .map(([, image, runtime]) => image ?? runtime);
    expect(named.length).toBeGreaterThanOrEqual(3);
    expect(named.filter((one) => one !== own)).toEqual([]);
  });

  it('of the image is the very one that builds the package, whose code cache is for no other', () => {
    const images = [...readFileSync('deploy/Dockerfile', 'utf8').matchAll(/^FROM node:([\d.]+)/gm)];
    expect(images.map(([, version]) => version)).toEqual([devDependencies['node'], devDependencies['node']]);
  });

  it('below which the command line says so and stops is the one that package.json names', () => {
    expect(readFileSync('src/cli.ts', 'utf8')).toContain(`leastNode = ${least};`);
  });

  it('is tried from the package on the least and on the own one', () => {
    expect(readFileSync('scripts/test-package.mjs', 'utf8')).toContain(`const versions = [${least}, ${own}];`);
  });

  it(`is one of these two in the documents, or Node ${older} for what runs without an installation`, () => {
    const pages = globSync(['*.md', 'docs/*.md', 'action/*.md', 'deploy/*.md']).filter(
      (page) => page !== 'CHANGELOG.md',
    );
    const others = pages.flatMap((page) =>
      [...readFileSync(page, 'utf8').matchAll(/\bNode(?:\.js)? (\d+)/g)]
        .filter(([, named = '']) => ![least, own, older].includes(named))
        .map(([text]) => `${page}: ${text}`),
    );
    expect(others).toEqual([]);
  });
});

function majorOf(text: string | undefined): string {
  return text?.split('.')[0] ?? '';
}

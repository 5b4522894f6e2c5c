import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { version } from '../../src/composition/version.ts';
import { helperVersion } from '../../src/runner/helper-version.ts';

it('is one version: of the package, of the service, and of the fetch helper', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version: published } = JSON.parse(text) as { version: string };
  expect([version, helperVersion]).toEqual([published, published]);
});

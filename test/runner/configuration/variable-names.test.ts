import { describe, expect, it } from 'vitest';
import { variableNames } from '../../../src/runner/configuration/variable-names.ts';
import { childEnvironment, heldBack } from '../../../src/runner/delivery/child-environment.ts';

describe('a list of variables', () => {
  const isListed = variableNames('PATH HOME', 'LC_*');

  it.each(['PATH', 'HOME', 'LC_ALL', 'LC_'])('has %s', (name) => {
    expect(isListed(name)).toBe(true);
  });

  it.each(['', 'PAT', 'PATHS', 'path', 'LC', 'XLC_ALL', 'LC_*'.slice(0, 2), 'HOME LC_'])('has not %j', (name) => {
    expect(isListed(name)).toBe(false);
  });
});

describe('the environment of a command', () => {
  const ordinary = 'PATH LC_ALL TOKENS AWS AWS_REGION AWS_DEFAULT_OUTPUT XAZURE_A BASH_ENVIRONMENT'.split(' ');
  const withheld = 'AZURE_A GITHUB_TOKEN AWS_SECRET_ACCESS_KEY AWS_REGIONS TF_TOKEN_app BASH_ENV NPM_TOKEN'.split(' ');
  const environment = Object.fromEntries([...ordinary, ...withheld].map((name) => [name, 'x']));

  it('has no token of another system and nothing that starts code, and has what only looks like it', () => {
    expect(Object.keys(childEnvironment(environment, new Map()))).toEqual(ordinary);
    expect(Object.keys(childEnvironment(environment, new Map(), { pristine: true }))).toEqual(['PATH', 'LC_ALL']);
    expect(heldBack(environment)).toEqual(
      'AWS_REGIONS AWS_SECRET_ACCESS_KEY BASH_ENV NPM_TOKEN TF_TOKEN_app'.split(' '),
    );
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Step {
  readonly name: string;
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, { readonly container: string; readonly steps: readonly Step[] }>>;
}

const paths = ['.gitea/workflows/ci.yml', '.github/workflows/ci.yml'] as const;
const texts = paths.map((path) => readFileSync(path, 'utf8'));
const [gitea, github] = texts.map((text) => parse(text) as Workflow);

/** Gitea takes an action from the address in front of it; GitHub knows no other place. */
function withoutHost(workflow: Workflow | undefined): unknown {
  return JSON.parse(JSON.stringify(workflow).replaceAll('https://github.com/', ''));
}

describe('the workflows of both hosts', () => {
  it('have the same steps, triggers and permissions', () => {
    expect(withoutHost(gitea)).toEqual(withoutHost(github));
  });

  it.each(paths.map((path, index) => ({ path, text: texts[index] ?? '' })))(
    'pin each action by commit and name its version: $path',
    ({ text }) => {
      const actions = text.split('\n').filter((line) => line.includes('uses:'));
      expect(actions.length).toBeGreaterThan(0);
      expect(actions.filter((line) => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
    },
  );

  it('may read the repository and nothing else', () => {
    expect(gitea?.permissions).toEqual({ contents: 'read' });
  });

  it('run what .ci/run runs', () => {
    const steps = Object.values(gitea?.jobs ?? {}).flatMap((job) => job.steps);
    expect(steps.map(({ run }) => run)).toContain('bash .ci/run');
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readJobContext } from '../../src/runner/job-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'job-context-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function exposedBy(event: object): boolean | null {
  const path = join(folder, 'event.json');
  writeFileSync(path, JSON.stringify(event));
  const claims = Buffer.from(JSON.stringify({ TaskID: 7, RunID: 3, JobID: 5 })).toString('base64url');
  const environment = { ACTIONS_RUNTIME_TOKEN: `e30.${claims}.x`, GITHUB_RUN_ID: '3', GITHUB_EVENT_PATH: path };
  const found = readJobContext(environment, 'https://gitea.example.org');
  if (!found.found) throw new Error(found.reason);
  return found.job.exposed;
}

// As Gitea 1.26.3 writes the event of a private repository's pull request; only the head differs.
const repository = { id: 2, private: true };
const pull = (head: object) => ({ repository, pull_request: { head } });

describe('the names of secrets in a job of a pull request', () => {
  it.each([
    ['plain', 'of a branch of the repository', { label: 'own', ref: 'own', repo: { id: 2 }, repo_id: 2 }, false],
    ['plain', 'of a branch that was deleted', { label: 'own', ref: 'refs/pull/2/head', repo: { id: 2 } }, false],
    ['opaque', 'of a fork', { label: 'change', ref: 'change', repo: { id: 5 }, repo_id: 5 }, true],
    [
      'opaque',
      'of a fork that was deleted',
      { label: 'change', ref: 'refs/pull/1/head', repo: null, repo_id: -1 },
      true,
    ],
    ['opaque', 'pushed to refs/for/main by a reader', { label: '', ref: 'refs/pull/3/head', repo: { id: 2 } }, true],
    ['opaque', 'whose head says nothing of its label', { ref: 'x', repo: { id: 2 } }, true],
  ])('are %s if it is %s', (_, __, head, exposed) => {
    expect(exposedBy(pull(head))).toBe(exposed);
  });

  it('are plain after a push to a private repository', () => {
    expect(exposedBy({ repository, ref: 'refs/heads/main' })).toBe(false);
    expect(exposedBy({ repository: { id: 2, private: false }, ref: 'refs/heads/main' })).toBe(true);
  });
});

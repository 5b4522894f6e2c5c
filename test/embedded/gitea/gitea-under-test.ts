import { createClock, type Clock } from '../../../embedded/clock.ts';
import { startEmbeddedGitea, type EmbeddedGiteaOptions } from '../../../embedded/gitea/start-embedded-gitea.ts';

/** An answer, read whole. `json` is `null` when the body is empty or no JSON. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** A Gitea with administrator `root`, user `dora`, repository `acme/shop` that `dora` administers, and a runner `r1`. */
export async function giteaUnderTest(options: Partial<EmbeddedGiteaOptions> = {}) {
  const clock: Clock = options.clock ?? createClock(new Date('2026-03-01T10:00:00.750Z'));
  clock.stand();
  const gitea = await startEmbeddedGitea({ ...options, clock });
  gitea.addUser({ name: 'root', password: 'root-password', administrator: true });
  gitea.addUser({ name: 'dora', password: 'dora-password' });
  const repository = gitea.addRepository('acme/shop', { administrators: ['dora'] });
  gitea.addRunner({ name: 'r1', labels: ['ubuntu-latest'] });
  const root = `token ${gitea.seedToken('root', 'all', ['all'])}`;
  return { gitea, clock, repository, root, ask: asker(gitea.url) };
}

/** Asks below `/api/v1` with this Authorization header (`null`: none). */
export function asker(url: string) {
  return async (authorization: string | null, method: string, path: string, body?: unknown): Promise<Answered> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { ...(authorization === null ? {} : { authorization }), 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const json: unknown = isJson && text !== '' ? JSON.parse(text) : null;
    return { status: response.status, headers: response.headers, text, json };
  };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** What a job's commands put into its log: without time-stamps and without the rows that are the runner's own. */
export function contents(log: string): readonly string[] {
  return outputRows(allContents(log).slice(2));
}

/** Leaves out by what a runner tells a step before its output, and the exit code after it. */
export function outputRows(rows: readonly string[]): readonly string[] {
  let inHeader = false;
  return rows.filter((row) => {
    const begins = row.startsWith('Run Main ');
    const isHeader = inHeader || begins;
    // Runners before 1.0.0 write the first row of a step's header alone.
    inHeader = isHeader && row !== '::endgroup::' && !(begins && !rows.includes('::endgroup::'));
    return !isHeader && !row.startsWith('##[error]Process completed');
  });
}

/** All rows of a log, without time-stamps. */
export function allContents(log: string): readonly string[] {
  return log
    .trimEnd()
    .split('\n')
    .map((row) => row.slice(row.indexOf(' ') + 1));
}

/** What a shell writes, as a job's command. */
export function shell(script: string): readonly string[] {
  return ['sh', '-c', script];
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';
import { verifyRuntimeToken } from '../../src/gitea/verify-runtime-token.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function giteaWithJob(withoutArtifacts: 'not-found' | 'empty-list') {
  const gitea = await startEmbeddedGitea({ clock: createClock(), withoutArtifacts });
  stops.push(async () => await gitea.stop());
  gitea.addRepository('acme/shop');
  gitea.addRunner({ name: 'runner', labels: ['prod'] });
  const running = gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'runner' });
  return { gitea, running, token: new SecretValue(running.environment['ACTIONS_RUNTIME_TOKEN'] ?? '') };
}

describe('a runtime token', () => {
  it.each(['not-found', 'empty-list'] as const)(
    'is confirmed while its job runs, where no artifacts are %s',
    async (how) => {
      const { gitea, running, token } = await giteaWithJob(how);
      const { taskId, runId, jobId } = running.job;
      expect(await verifyRuntimeToken(gitea.url, token)).toEqual({ taskId, runId, jobId });
      running.finish('success');
      expect(await verifyRuntimeToken(gitea.url, token)).toBeNull();
    },
  );

  it('is refused when one character of it was changed, or when it is none', async () => {
    const { gitea, token } = await giteaWithJob('not-found');
    const text = token.reveal();
    const changed = `${text.slice(0, -2)}${text.endsWith('A') ? 'BB' : 'AA'}`;
    expect(await verifyRuntimeToken(gitea.url, new SecretValue(changed))).toBeNull();
    expect(await verifyRuntimeToken(gitea.url, new SecretValue('no.token'))).toBeNull();
  });

  it('is not confirmed by a server that answers 404 to everybody', async () => {
    const { token } = await giteaWithJob('not-found');
    const server = createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    stops.push(async () => await new Promise((done) => server.close(() => done())));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    expect(await verifyRuntimeToken(url, token)).toBeNull();
  });

  it('is undecided when Gitea cannot be reached', async () => {
    const { token } = await giteaWithJob('not-found');
    await expect(verifyRuntimeToken('http://127.0.0.1:1', token)).rejects.toMatchObject({ code: 'GITEA_UNREACHABLE' });
  });
});

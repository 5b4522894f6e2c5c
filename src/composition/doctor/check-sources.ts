import { dayMs } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import type { Composition } from '../composition.ts';
import { assignRole, sendLog, workspaceScope } from './az-commands.ts';
import { type Check, lookAt, pass, warn } from './check.ts';

type Parts = Pick<Composition, 'settings' | 'policy' | 'records' | 'log' | 'jobs' | 'now'>;

/** What evidence comes from, and where it is kept: records, Gitea, the log workspace. */
export async function checkSources(parts: Parts): Promise<readonly Check[]> {
  const { records, settings } = parts;
  const place = settings.records.kind === 'folder' ? settings.records.directory : settings.records.containerUrl;
  const kept = await lookAt('records', async () => {
    await records.read('collection/retrievals.json');
    return pass('records', `readable in ${place}`);
  });
  return [kept, await checkGitea(parts), ...giteaWriting(parts), ...(await checkLog(parts))];
}

async function checkGitea({ settings, jobs }: Parts): Promise<Check> {
  const { gitea } = settings;
  if (gitea === null || jobs === null) {
    return warn('Gitea', 'KEYTURN_GITEA_URL is not set, so no job is known and no read can be tied to one');
  }
  return await lookAt(
    'Gitea',
    async () => {
      // A number above every id: Gitea is asked for its lists, and nothing of them is kept.
      for await (const _ of jobs.jobs({ highestJobId: Number.MAX_SAFE_INTEGER, unfinished: [] })) break;
      return pass('Gitea', `${gitea.url} lists its jobs to this token`);
    },
    (error) =>
      ServiceError.is(error, 'GITEA_ACCESS_DENIED')
        ? 'gitea admin user generate-access-token --username keyturn --token-name keyturn --scopes read:repository,read:user'
        : null,
  );
}

/** Only where the policy lets Keyturn issue Gitea's own credentials. */
function giteaWriting({ policy, settings }: Parts): readonly Check[] {
  const issuers = new Set([...policy.secrets.values()].map(({ issuer }) => issuer));
  const writing = [...issuers].filter((issuer) => issuer.startsWith('gitea-')).sort();
  if (writing.length === 0 || settings.role === 'report') return [];
  const says = `doctor cannot test the scopes that ${writing.join(', ')} need without writing; docs/gitea.md lists them`;
  return [warn('Gitea scopes', says)];
}

async function checkLog({ settings, log, now }: Parts): Promise<readonly Check[]> {
  const { vaults, role } = settings;
  if (role === 'rotate') return [];
  if (settings.log === null || log === null) {
    return [warn('log workspace', 'KEYTURN_LOG_WORKSPACE_ID is not set, so no read is known')];
  }
  const { workspaceId } = settings.log;
  const check = await lookAt(
    'log workspace',
    async () => {
      const totals = await log.controlTotals({ from: new Date(now().getTime() - dayMs), to: now() });
      const rows = [...totals.values()].reduce((sum, one) => sum + one, 0);
      if (rows > 0) return pass('log workspace', `answers; ${String(rows)} rows of the last 24 hours`);
      return warn(
        'log workspace',
        'answers, but has no row of these vaults for the last 24 hours; check that the audit log goes there (rows take up to 20 minutes)',
        vaults.map((vault) => sendLog(vault, workspaceId)).join('\n'),
      );
    },
    (error) =>
      ServiceError.is(error, 'LOG_QUERY_FAILED') && (error.details.status === 401 || error.details.status === 403)
        ? assignRole('Log Analytics Reader', workspaceScope(workspaceId), null)
        : null,
  );
  return [check];
}

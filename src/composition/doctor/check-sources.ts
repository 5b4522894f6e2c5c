import { counted } from '../../audit/findings/finding-tally.ts';
import type { RetrievalLog } from '../../audit/collection/retrieval-log.ts';
import { ServiceError } from '../../service-error.ts';
import type { Composition } from '../composition.ts';
import { assignRole, sendLog, workspaceScope } from './az-commands.ts';
import { checkGiteaPasswords } from './check-gitea-passwords.ts';
import { type Check, lookAt, pass, warn } from './check.ts';

type Ports = Pick<Composition, 'settings' | 'policy' | 'records' | 'log' | 'archive' | 'jobs' | 'now'>;

const dayMs = 86_400_000;

/** What evidence comes from, and where it is kept: records, Gitea, the log workspace. */
export async function checkSources(ports: Ports): Promise<readonly Check[]> {
  const kept = await checkRecords(ports);
  const gitea = [await checkGitea(ports), ...(await checkGiteaPasswords(ports)), ...giteaWriting(ports)];
  return [kept, ...gitea, ...(await checkLog(ports))];
}

/** Whether records can be read where they are kept. */
export async function checkRecords({ records, settings }: Pick<Ports, 'records' | 'settings'>): Promise<Check> {
  const place = settings.records.kind === 'folder' ? settings.records.directory : settings.records.containerUrl;
  return await lookAt('records', async () => {
    await records.read('collection/retrievals.json');
    return pass('records', `readable in ${place}`);
  });
}

async function checkGitea({ settings, jobs }: Ports): Promise<Check> {
  const { gitea } = settings;
  if (gitea === null || jobs === null) {
    return warn('Gitea', 'KEYTURN_GITEA_URL is not set: no job is known, and no read can be tied to one');
  }
  return await lookAt(
    'Gitea',
    async () => {
      // The lists are asked for up to the first word, and nothing of them is kept.
      for await (const word of jobs.jobs({ marks: {}, named: [] })) {
        if (word.kind === 'refused')
          return warn('Gitea', `${gitea.url}: ${word.name} is not shown to this token: ${word.why}`);
        break;
      }
      return pass('Gitea', `${gitea.url} lists its jobs to this token`);
    },
    (error) =>
      ServiceError.is(error, 'GITEA_ACCESS_DENIED')
        ? 'gitea admin user generate-access-token --username keyturn --token-name keyturn --scopes read:repository,read:user'
        : null,
  );
}

/** Only where the policy lets Keyturn issue Gitea's own credentials. */
function giteaWriting({ policy, settings }: Ports): readonly Check[] {
  const issuers = new Set([...policy().secrets.values()].map(({ issuer }) => issuer));
  const writing = [...issuers].filter((issuer) => issuer.startsWith('gitea-')).sort();
  if (writing.length === 0 || settings.role === 'report') return [];
  const says = `Whether the token has the scopes for ${writing.join(', ')} cannot be tried without writing; docs/gitea.md lists the scopes`;
  return [warn('Gitea scopes', says)];
}

async function checkArchive(log: RetrievalLog, container: string, now: Date): Promise<Check> {
  const what = 'log archive';
  return await lookAt(what, async () => {
    const totals = await log.controlTotals({ from: new Date(now.getTime() - dayMs), to: now });
    const rows = [...totals.values()].reduce((sum, one) => sum + one, 0);
    if (rows > 0) return pass(what, `answers; ${counted(rows, 'row')} of the last 24 hours`);
    return warn(what, `${container} has no row of these vaults of the last 24 hours: is the audit log sent there?`);
  });
}

async function checkLog({ settings, log, archive, now }: Ports): Promise<readonly Check[]> {
  const { vaults, role } = settings;
  if (role === 'rotate') return [];
  const archived = archive ?? (settings.log === null ? log : null);
  const beside = archived === null ? [] : [await checkArchive(archived, settings.logArchive ?? '', now())];
  if (settings.log === null && beside.length > 0) return beside;
  if (settings.log === null || log === null) {
    return [warn('log workspace', 'KEYTURN_LOG_WORKSPACE_ID is not set: no read is known')];
  }
  const { workspaceId } = settings.log;
  const check = await lookAt(
    'log workspace',
    async () => {
      const totals = await log.controlTotals({ from: new Date(now().getTime() - dayMs), to: now() });
      const rows = [...totals.values()].reduce((sum, one) => sum + one, 0);
      if (rows > 0) return pass('log workspace', `answers; ${counted(rows, 'row')} of the last 24 hours`);
      return warn(
        'log workspace',
        'answers, and has no row of these vaults of the last 24 hours: is the audit log sent there? Rows take up to 20 minutes',
        vaults.map((vault) => sendLog(vault, workspaceId)).join('\n'),
      );
    },
    (error) =>
      ServiceError.is(error, 'LOG_QUERY_FAILED') && (error.details.status === 401 || error.details.status === 403)
        ? assignRole('Log Analytics Reader', workspaceScope(workspaceId), null)
        : null,
  );
  return [check, ...beside];
}

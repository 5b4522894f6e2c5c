import { readFile } from 'node:fs/promises';
import type { TokenCredential } from '@azure/identity';
import type { RetrievalLog } from '../audit/collection/retrieval-log.ts';
import { logAnalyticsRetrievalLog } from '../azure/log-analytics-retrieval-log.ts';
import type { Settings } from '../settings.ts';

const publicEndpoint = 'https://api.loganalytics.io';

/** The log workspace that the settings name; `null` when they name none. */
export async function openLog({ log, vaults }: Settings, credential: TokenCredential): Promise<RetrievalLog | null> {
  if (log === null) return null;
  const { workspaceId, endpoint, certificateFile } = log;
  return logAnalyticsRetrievalLog({
    endpoint: endpoint ?? publicEndpoint,
    workspaceId,
    credential,
    vaults,
    ...(certificateFile === null ? {} : { certificate: await readFile(certificateFile, 'utf8') }),
  });
}

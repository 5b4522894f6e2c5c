import { retentionOnRecord } from '../../retention/history/retention-of-period.ts';
import { retentionKindNames, retentionKinds } from '../../retention/retention-kinds.ts';
import { formatDuration } from '../../secrets/duration.ts';
import type { KeptRecords } from '../../web/portal-ports.ts';
import type { Composition } from '../composition.ts';

/** How long each kind of record is kept, what was deleted and what is held. @throws ServiceError `RECORD_UNREADABLE`. */
export async function keptRecords({
  records,
  settings,
}: Pick<Composition, 'records' | 'settings'>): Promise<KeptRecords> {
  const kinds = retentionKindNames.map((kind) => {
    const keepMs = settings.retention[kind];
    const holds = retentionKinds[kind].says.replaceAll('`', '');
    return { kind, holds, keep: keepMs === null ? null : formatDuration(keepMs) };
  });
  return { kinds, ...(await retentionOnRecord(records)) };
}

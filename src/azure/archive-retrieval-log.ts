import { hash } from 'node:crypto';
import type { RawRows, RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { hourMs } from '../secrets/duration.ts';
import type { Vault } from '../secrets/secret-reference.ts';
import { ServiceError } from '../service-error.ts';
import { archiveBlobs, type ArchiveContainer } from './archive-blobs.ts';
import { type ArchivedRecord, parseArchive } from './parse-archive.ts';

interface Archive extends ArchiveContainer {
  /** Vaults without a resource id are left out: the archive names vaults by it alone. */
  readonly vaults: readonly Vault[];
  /** The most records of one answer; 50,000 when not given. */
  readonly mostRows?: () => number;
}

/** A record may arrive this much later than its event: Azure tries again for two days at most. */
const latestArrivalMs = 48 * hourMs;

const text =
  'container insights-logs-auditevent: records of the vaults whose time lies in the interval, from the blobs of the hour in which it begins to 48 hours after its end; the hour in a path is the hour in which records were received';

const query = { name: 'archive', text, sha256: hash('sha256', text) };

/**
 * The retrieval log over the storage archive that a diagnostic setting fills: append blobs
 * `resourceId=/SUBSCRIPTIONS/…/y=2026/m=03/d=02/h=08/m=00/PT1H.json`. Azure has no second query over them, so the control
 * totals are our own counts. Source: Azure Monitor, "Resource logs", send to Azure Storage, read November 2026.
 */
export function archiveRetrievalLog(archive: Archive): RetrievalLog {
  const { containerUrl, vaults, mostRows = () => 50_000 } = archive;
  const blobs = archiveBlobs(archive);

  return {
    name: query.name,

    async rows(interval): Promise<RawRows> {
      const records: ArchivedRecord[] = [];
      for await (const record of recordsOf(interval)) {
        records.push(record);
        if (records.length > mostRows()) {
          const period = { from: interval.from.toISOString(), to: interval.to.toISOString() };
          throw new ServiceError('LOG_QUERY_PARTIAL', { workspace: containerUrl, ...period });
        }
      }
      records.sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
      const answerSha256 = hash('sha256', records.map(({ line }) => line).join('\n'));
      return { rows: records.map(({ row }) => row), answerSha256, query };
    },

    async controlTotals(interval) {
      const totals = new Map<string, number>();
      for await (const { at } of recordsOf(interval)) {
        const hour = `${at.slice(0, 13)}:00:00Z`;
        totals.set(hour, (totals.get(hour) ?? 0) + 1);
      }
      return totals;
    },
  };

  async function* recordsOf({ from, to }: ReportingPeriod): AsyncGenerator<ArchivedRecord> {
    const [first, end] = [from, to].map((at) => at.toISOString().replace('Z', '0000Z'));
    for (const { resourceId } of vaults) {
      if (resourceId === null) continue;
      const latest = new Date(to.getTime() + latestArrivalMs);
      for await (const blob of blobs.received(resourceId, from, latest)) {
        for (const record of parseArchive(await blobs.text(blob.path), blob)) {
          if (record.resourceId === resourceId && record.at >= (first ?? '') && record.at < (end ?? '')) yield record;
        }
      }
    }
  }
}

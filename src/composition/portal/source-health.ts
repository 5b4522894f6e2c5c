import { inventoryAt } from '../../audit/collection/inventory-ledger.ts';
import { jobCollection } from '../../audit/collection/job-collection.ts';
import { retrievalCollection } from '../../audit/collection/retrieval-collection.ts';
import { postureAt } from '../../audit/posture/posture-ledger.ts';
import { dayMs, hourMs } from '../../secrets/duration.ts';
import type { SourceHealth } from '../../web/portal-ports.ts';
import type { Composition } from '../composition.ts';

type Ports = Pick<Composition, 'records' | 'now' | 'log' | 'archive' | 'jobs' | 'posture' | 'settings'>;

/** Rows are collected hourly, and may be late by hours before they count as missing. */
const logLateMs = 6 * hourMs;
const jobsLateMs = hourMs;
const inventoryLateMs = 3 * hourMs;
const postureLateMs = dayMs;

/** How each source of evidence is, from what was collected. Asks neither Azure nor Gitea. */
export async function lookAtSources(ports: Ports): Promise<readonly SourceHealth[]> {
  return [
    await lookAtLog(ports, 'only'),
    ...(ports.archive === null ? [] : [await lookAtLog(ports, 'beside')]),
    await lookAtJobs(ports),
    await lookAtInventory(ports),
    await lookAtPosture(ports),
  ];
}

async function lookAtLog({ records, now, log }: Ports, which: 'only' | 'beside'): Promise<SourceHealth> {
  const what = which === 'only' ? 'Log of the vaults' : 'Archive of the log';
  if (log === null) return { what, state: 'off', says: 'No workspace and no archive is configured: no read is known.' };
  const collection = await retrievalCollection(records, which);
  if (collection === null) return { what, state: 'late', says: 'Nothing has been collected yet.' };
  const [first] = collection.unread;
  if (first !== undefined) {
    const count = collection.unread.length;
    const more = count === 1 ? '' : `, and ${String(count - 1)} more`;
    return {
      what,
      state: 'failed',
      says: `Not read: ${first.from} to ${first.to} (${first.why})${more}. Each pass tries again.`,
    };
  }
  return judged(what, collection.readTo, now(), { lateMs: logLateMs, says: 'Read' });
}

async function lookAtJobs({ records, now, jobs }: Ports): Promise<SourceHealth> {
  const what = 'Jobs of Gitea';
  if (jobs === null) return { what, state: 'off', says: 'No Gitea is configured: no read can be tied to a job.' };
  const collection = await jobCollection(records);
  if (collection === null) return { what, state: 'late', says: 'Nothing has been collected yet.' };
  const [first] = collection.notRead;
  if (first !== undefined)
    return {
      what,
      state: 'failed',
      says: `Not read since ${first.since}: ${first.what} ${first.name} (${first.why}).`,
    };
  if (collection.completeTo === null)
    return { what, state: 'late', says: 'The first pass has not seen every repository yet.' };
  return judged(what, collection.completeTo, now(), { lateMs: jobsLateMs, says: 'Complete' });
}

async function lookAtInventory({ records, now }: Ports): Promise<SourceHealth> {
  const what = 'Inventory of secrets';
  const newest = await inventoryAt(records, now());
  if (newest === null) return { what, state: 'late', says: 'None has been taken yet.' };
  return judged(what, newest.at, now(), {
    lateMs: inventoryLateMs,
    says: `${String(newest.entries.length)} secrets, listed`,
  });
}

async function lookAtPosture({ records, now, posture }: Ports): Promise<SourceHealth> {
  const what = 'Who can read';
  if (posture === null) return { what, state: 'off', says: 'Resource Manager is not configured: grants are not seen.' };
  const newest = await postureAt(records, now());
  if (newest === null) return { what, state: 'late', says: 'Nobody has looked at the grants yet.' };
  return judged(what, newest.at, now(), { lateMs: postureLateMs, says: 'Looked at' });
}

function judged(what: string, at: string, now: Date, { lateMs, says }: { lateMs: number; says: string }): SourceHealth {
  const isLate = now.getTime() - Date.parse(at) > lateMs;
  const until = `${at.slice(0, 16).replace('T', ' ')} UTC`;
  return {
    what,
    state: isLate ? 'late' : 'good',
    says: `${says} up to ${until}${isLate ? ', which is longer ago than usual' : ''}.`,
  };
}

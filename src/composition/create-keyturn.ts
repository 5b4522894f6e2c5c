import { dayMs } from '../secrets/duration.ts';
import { collectJobs } from '../audit/collection/collect-jobs.ts';
import { collectRetrievals } from '../audit/collection/collect-retrievals.ts';
import { retrievalCollection } from '../audit/collection/retrieval-collection.ts';
import { keepPosture } from '../audit/posture/posture-ledger.ts';
import { duePeriods } from '../evidence/period/due-periods.ts';
import { listPacks } from '../evidence/pack/pack-archive.ts';
import type { RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { Keyturn, PassSummary } from '../keyturn.ts';
import type { NotificationEvent } from '../notify/notification-event.ts';
import { notificationOutbox } from '../notify/notification-outbox.ts';
import { type HandledEvent, handleVaultEvent } from '../rotation/handle-vault-event.ts';
import { reconcileRotations } from '../rotation/reconcile-rotations.ts';
import { applyRetention } from '../retention/apply-retention.ts';
import { finishDeletions } from '../retention/delete-unit.ts';
import type { Access } from '../web/who.ts';
import { createWeb } from '../web/create-web.ts';
import type { WebPorts } from '../web/web-ports.ts';
import { type Caller, createCaller } from './people/call-people.ts';
import type { Composition } from './composition.ts';
import { describeJobs, describeReports, describeRetrievals, describeRotationPass } from './describe-pass.ts';
import { examine } from './doctor/examine.ts';
import { logChecks } from './doctor/log-checks.ts';
import { logVaultEvent, type RotationLog } from './log-rotations.ts';
import { amendReports } from './amend-reports.ts';
import { gapEvents, missedReports, suspiciousReads } from './people/events-of-collection.ts';
import { endsAfterPass } from './people/remind-people.ts';
import { auditCollected, reportPeriod } from './report-period.ts';
import { retentionTools } from './retention-tools.ts';
import { sealingKeyReminder } from './policy/remind-sealing-key.ts';
import { sealJournalHeads } from './seal-journal-heads.ts';

interface Ports extends Omit<Composition, 'keyturn' | 'sessions'> {
  readonly access: Access;
  readonly web: WebPorts;
  readonly rotationLog: RotationLog;
  readonly takeInventory: () => Promise<number>;
}

/**
 * What every host calls. A role that does not do a kind of work does nothing when it is called for it, and says so:
 * both roles run from one package with the same timers.
 */
export function createKeyturn(ports: Ports): Keyturn {
  const { settings, records, now, log, jobs, logger, channels } = ports;
  const web = createWeb(ports.web, ports.access);
  const rotates = settings.role === 'rotate' || settings.role === 'all';
  const reports = settings.role === 'report' || settings.role === 'all';
  const outbox = channels.length === 0 ? null : notificationOutbox({ records, channels, logger, now });
  const people = createCaller({ outbox, records, logger, now });

  return {
    settings,
    takeUpPolicy: ports.takeUpPolicy,

    async handleVaultEvent(event) {
      const handled = rotates ? await actOn(ports, event) : ({ outcome: 'not-this-role', secret: null } as const);
      logVaultEvent(logger, handled);
      return handled;
    },

    async reconcileRotations() {
      await ports.takeUpPolicy(); // The broker decides by it too.
      if (!rotates) return idle('Rotations', 'this process does not rotate');
      return await telling('reconcile rotations', async () => await passOver(ports, people));
    },

    async collectJobs() {
      if (!reports) return idle('Jobs', 'this process collects nothing');
      if (jobs === null) return idle('Jobs', 'no Gitea is configured');
      return await telling('collect jobs', async () => {
        const counts = await collectJobs({ feed: jobs, records, now });
        return { what: 'Jobs', says: describeJobs(counts), counts };
      });
    },

    async collectRetrievals() {
      if (!reports) return idle('Retrievals', 'this process collects nothing');
      if (log === null) return idle('Retrievals', 'no log workspace and no archive of the log is configured');
      return await telling('collect log rows', async () => {
        const counts = await collectAll(ports, log);
        await people.afterCollection(await eventsOfCollection(ports));
        return { what: 'Retrievals', says: describeRetrievals(counts), counts };
      });
    },

    async produceReports() {
      if (!reports) return idle('Reports', 'this process reports nothing');
      return await telling('produce reports', async () => {
        const summary = await produceDueReports(ports);
        await tellOfReports(ports, people);
        return summary;
      });
    },

    async checkSetup() {
      return await telling('check the setup', async () => {
        const counts = logChecks(logger, await examine(ports));
        return { what: 'Setup', says: `${String(counts.failed)} failed, ${String(counts.warned)} to know`, counts };
      });
    },

    handleRequest: async (request, connection) => await web.fetch(request, { connection }),
  };

  /** Does one kind of work; a failure of it reaches a person, and goes on to the host. */
  async function telling(work: string, act: () => Promise<PassSummary>): Promise<PassSummary> {
    try {
      const summary = await ports.trace('scheduled work', { work }, act);
      logger.info(`${summary.what}: ${summary.says}`, { work, counts: summary.counts });
      ports.counters.succeeded(work, now());
      await people.afterSuccess(work);
      return summary;
    } catch (error) {
      logger.error(`Could not ${work}.`, { work, error });
      ports.counters.failed(work, error, now());
      await people.afterFailure(work, error);
      throw error;
    } finally {
      ports.web.forget();
    }
  }
}

async function actOn({ keepPolicy, rotation, web }: Ports, event: unknown): Promise<HandledEvent> {
  await keepPolicy();
  try {
    return await handleVaultEvent(rotation, event);
  } finally {
    web.forget();
  }
}

/** One pass over the rotations, after which people are told what is theirs to do. */
async function passOver({ rotation, rotationLog, keepPolicy }: Ports, people: Caller): Promise<PassSummary> {
  await keepPolicy();
  // One policy for the whole pass, whatever its file does meanwhile.
  const { policy } = rotation;
  const result = await reconcileRotations({ ...rotation, policy });
  rotationLog.failures(result.failures);
  const ends = await endsAfterPass({ ...rotation, policy });
  rotationLog.reminders(ends.reminders);
  await people.afterPass(result, ends);
  return { what: 'Rotations', says: describeRotationPass(result.counts), counts: result.counts };
}

/** Collects log rows, and looks at everything else that is looked at once an hour. */
async function collectAll(ports: Ports, log: RetrievalLog) {
  const { records, now, canary, jobs, posture } = ports;
  await ports.takeUpPolicy();
  // Each is done though the other fails: what is not kept today is gone tomorrow.
  const [counts, listed, kept, looked, archived] = await Promise.allSettled([
    collectRetrievals({ log, records, now, canary, trace: ports.trace, instance: jobs?.instance ?? null }),
    ports.takeInventory(),
    ports.keepPolicy(),
    posture === null ? false : keepPosture(records, posture, now()),
    collectArchive(ports),
  ]);
  if (counts.status === 'rejected') throw counts.reason;
  if (listed.status === 'rejected') throw listed.reason;
  if (looked.status === 'rejected') throw looked.reason;
  for (const other of [kept, archived]) if (other.status === 'rejected') throw other.reason;
  return { ...counts.value, secretsInventoried: listed.value, posturesKept: looked.value ? 1 : 0 };
}

/** Collects the archive beside the workspace, if there is one. */
async function collectArchive({ archive, records, now }: Ports): Promise<void> {
  if (archive !== null) await collectRetrievals({ log: archive, records, now, beside: true });
}

async function produceDueReports(ports: Ports): Promise<PassSummary> {
  const { settings, records, now } = ports;
  // Before any report: one must not be made of a journal of which a part is gone.
  await finishDeletions(await retentionTools(ports));
  // Early: a report that cannot be made must not leave the day's heads unsealed.
  const headsSealed = await sealJournalHeads(ports);
  const packs = await listPacks(records);
  const already = packs.map(({ period }) => ({ from: new Date(period.from), to: new Date(period.to) }));
  let produced = 0;
  for (const kind of settings.reportPeriods) {
    for (const period of duePeriods(kind, now(), already)) {
      await ports.trace(
        'produce a report',
        {},
        async () => await reportPeriod(ports, { period, frameworks: ['soc2', 'iso27001'] }),
      );
      produced += 1;
    }
  }
  const amended = await amendReports(ports);
  // Last: what a report of today has sealed may go today.
  const deleted = await applyRetention(await retentionTools(ports));
  const counts = { produced, amended, headsSealed, deleted };
  return { what: 'Reports', says: describeReports(counts), counts };
}

async function eventsOfCollection({ records, settings, now }: Ports): Promise<readonly NotificationEvent[]> {
  const already = (await listPacks(records)).map(({ period }) => ({
    from: new Date(period.from),
    to: new Date(period.to),
  }));
  const gaps = gapEvents(await retrievalCollection(records), now());
  return [...gaps, ...missedReports(settings.reportPeriods, already, now())];
}

async function tellOfReports(ports: Ports, people: Caller): Promise<void> {
  await people.afterReports(await listPacks(ports.records));
  await people.afterAudit(await suspiciousOfYesterday(ports));
  const reminder = await sealingKeyReminder(ports);
  if (reminder !== null) ports.rotationLog.reminders([reminder]);
  await people.afterSealing(reminder);
}

/** Audits the day before, as far as its rows are here, so that nobody waits for a report to learn of it. */
async function suspiciousOfYesterday(ports: Ports): Promise<readonly NotificationEvent[]> {
  if (ports.channels.length === 0) return [];
  const to = new Date(Math.floor(ports.now().getTime() / dayMs) * dayMs);
  const { findings } = await auditCollected(ports, { from: new Date(to.getTime() - dayMs), to });
  return suspiciousReads(findings);
}

function idle(what: string, why: string): PassSummary {
  return { what, says: `Nothing to do: ${why}.`, counts: {} };
}

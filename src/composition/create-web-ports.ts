import { recordReceipts } from '../audit/collection/record-receipts.ts';
import { eventGridTokenCheck } from '../azure/event-grid-token.ts';
import { listPacks, type PackSummary, readPackFile } from '../evidence/pack/pack-archive.ts';
import { zipPack } from '../evidence/pack/zip-pack.ts';
import type { RecentDeliveries } from '../issuers/shared/hook-deliveries.ts';
import { parseDeliveredJob } from '../gitea/parse-delivered-job.ts';
import { verifyRuntimeToken } from '../gitea/verify-runtime-token.ts';
import { isSignedByGitea } from '../gitea/webhook-signature.ts';
import { collectJobs } from '../audit/collection/collect-jobs.ts';
import { recordNamedJob } from '../audit/collection/record-named-job.ts';
import { gradeGroups } from '../audit/model/attribution.ts';
import { instanceOf } from '../provenance/job-numbers.ts';
import { handleVaultEvent } from '../rotation/handle-vault-event.ts';
import type { RotationTools } from '../rotation/rotation-tools.ts';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { SecretSetting } from '../settings.ts';
import type { GrantTools } from '../grants/grant-tools.ts';
import { accessPorts } from './create-grants.ts';
import type { BrokerPort } from '../web/broker/broker-port.ts';
import type { ListedPack, WebPorts } from '../web/web-ports.ts';
import type { Composition } from './composition.ts';
import { describeJobs } from './describe-pass.ts';
import { logVaultEvent } from './log-rotations.ts';
import { listPackFiles } from './list-pack-files.ts';
import { readJobLog } from './portal/read-job-log.ts';
import { createPortalPorts } from './portal/create-portal-ports.ts';
import { createRotationDesk } from './portal/rotation-desk.ts';
import { readinessCheck } from './readiness/check-readiness.ts';

type Ports = Omit<Composition, 'keyturn' | 'sessions'> & {
  readonly resolve: (setting: SecretSetting) => Promise<SecretValue>;
  readonly deliveries: RecentDeliveries;
  readonly broker: BrokerPort | null;
  readonly grants: GrantTools;
};

/** The helper waits for the answer to its receipts. */
const jobAnswerMs = 3_000;

/** Wires the portal and the hooks to what they show and record. */
export function createWebPorts(ports: Ports): WebPorts {
  const { settings, records, now, rotation, logger, jobs } = ports;
  const desk = createRotationDesk(rotation, rotator);
  const portal = createPortalPorts(ports, desk);
  return {
    ...portal.ports,
    now,
    logger,
    packs: async () => (await listPacks(records)).map(listedPack),
    packFiles: async (pack) => await listPackFiles(records, pack),
    packZip: (pack) => zipPack(records, pack),
    packFile: async (pack, path) => await readPackFile(records, pack, path),
    ...desk.ports,
    boundSecrets: () => rotation.policy.secrets.size,
    forget: portal.forget,
    handleVaultEvent: async (event) => {
      const handled = await handleVaultEvent(rotator(), event);
      logVaultEvent(logger, handled);
      return handled;
    },
    jobLog: settings.embedded && jobs !== null ? async (job) => await readJobLog(jobs, job) : null,
    ...hookPorts(ports),
    ...accessPorts(ports.grants),
    brokersOnly: settings.role === 'broker',
    broker: ports.broker,
    trace: ports.trace,
    metrics: ports.metrics,
    readiness: readinessCheck(ports),
  };

  /** Returns the tools of a rotation if this process may act. @throws ServiceError `REQUEST_FORBIDDEN` for roles that do not rotate. */
  function rotator(): RotationTools {
    if (settings.role === 'rotate' || settings.role === 'all') return rotation;
    throw new ServiceError('REQUEST_FORBIDDEN', { reason: 'this process does not rotate; ask the one that does' });
  }
}

type HookPorts = Pick<
  WebPorts,
  | 'isOurTopic'
  | 'checkEventToken'
  | 'checkGiteaSignature'
  | 'onGiteaDelivery'
  | 'checkRuntimeToken'
  | 'instance'
  | 'recordReceipts'
>;

/** What the hooks check and record. */
function hookPorts(ports: Ports): HookPorts {
  const { settings, records, now, jobs, resolve, logger } = ports;
  const { gitea, eventGrid } = settings;
  const webhookSecret = gitea?.webhookSecret ?? null;
  return {
    isOurTopic: (topic) => settings.vaults.some(({ name, resourceId }) => isTopicOf(topic, name, resourceId)),
    checkEventToken: eventGrid === null ? null : eventGridTokenCheck({ ...eventGrid, cloud: settings.cloud }),
    checkGiteaSignature:
      webhookSecret === null
        ? null
        : async (body, signature) => {
            const ours = isSignedByGitea(body, signature, await resolve(webhookSecret));
            // This may be the first delivery of a hook whose secret is not published yet; its issuer waits for it.
            if (!ours && signature !== null) ports.deliveries.remember({ bytes: body, signature });
            return ours;
          },
    onGiteaDelivery: async (payload) => {
      if (jobs === null) return;
      const named = parseDeliveredJob(payload);
      if (named !== null) await recordNamedJob({ feed: jobs, records, now }, named);
      const counts = await collectJobs({ feed: jobs, records, now });
      logger.info(`Jobs: ${describeJobs(counts)}`, { work: 'collect jobs', counts });
    },
    checkRuntimeToken: gitea === null ? null : async (token) => await verifyRuntimeToken(gitea.url, token),
    instance: gitea === null ? null : instanceOf(gitea.url),
    recordReceipts: async (receipts) =>
      await recordReceipts({ feed: jobs, records, now }, receipts, AbortSignal.timeout(jobAnswerMs)),
  };
}

function listedPack(pack: PackSummary): ListedPack {
  const count = (grades: readonly string[]) => grades.reduce((sum, grade) => sum + (pack.reads.grades[grade] ?? 0), 0);
  return {
    id: pack.id,
    from: pack.period.from,
    to: pack.period.to,
    frameworks: pack.frameworks.map((framework) => (framework === 'soc2' ? 'SOC 2' : 'ISO/IEC 27001:2022')),
    status: pack.status,
    synthetic: pack.synthetic,
    producedAt: pack.createdAt,
    retrievals: pack.reads.total,
    tied: count(gradeGroups['tied to a job']),
    suspicious: count(gradeGroups.suspicious),
    findings: pack.findings,
    ...(pack.amends === undefined ? {} : { amends: pack.amends }),
  };
}

/** Compares the whole id if the settings name one, otherwise the last segment, which is the vault's name. */
function isTopicOf(topic: string, name: string, resourceId: string | null): boolean {
  return resourceId === null ? topic.endsWith(`/providers/microsoft.keyvault/vaults/${name}`) : topic === resourceId;
}

import { randomBytes } from 'node:crypto';
import type { BrokerEvent, BrokerTools } from '../broker/broker-tools.ts';
import { openSession } from '../broker/open-session.ts';
import { lookForApproval } from '../broker/look-for-approval.ts';
import { sessionBook } from '../broker/journal/session-book.ts';
import { readForJob } from '../broker/read-for-job.ts';
import { givePlaceholders } from '../broker/use/give-placeholders.ts';
import { useForJob } from '../broker/use/use-for-job.ts';
import { keyVaultSecretReader } from '../azure/key-vault-secret-reader.ts';
import type { VaultAccess } from '../azure/vault-client.ts';
import { giteaClient } from '../gitea/gitea-client.ts';
import { giteaJobFacts } from '../gitea/gitea-job-facts.ts';
import { giteaJobProof } from '../gitea/gitea-job-proof.ts';
import type { Trace } from '../log/trace.ts';
import type { Logger } from '../log/logger.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Settings } from '../settings.ts';
import type { WorkCounters } from '../telemetry/work-counters.ts';
import { httpsUpstream } from '../upstream/https-upstream.ts';
import type { BrokerPort } from '../web/broker/broker-port.ts';
import type { GrantTools } from '../grants/grant-tools.ts';
import type { NotificationOutbox } from '../notify/notification-outbox.ts';
import { answerRedaction } from './answer-redaction.ts';
import { createAccessBook } from './create-grants.ts';
import type { GiteaAccess } from './open-gitea.ts';

interface Parts {
  readonly settings: Settings;
  readonly policyInForce: BrokerTools['policy'];
  readonly records: RecordStore;
  readonly gitea: GiteaAccess | null;
  readonly access: readonly VaultAccess[];
  readonly grants: GrantTools;
  /** `null`: no channel to people is configured. */
  readonly outbox: NotificationOutbox | null;
  readonly counters: WorkCounters;
  /** PEM of an authority that hosts of uses may show, beside those that Node trusts; `null`: none. */
  readonly upstreamAuthority: string | null;
  readonly logger: Logger;
  readonly trace: Trace;
  readonly now: () => Date;
}

/** More than any job needs; one that asks on and on is stopped, and its refusals stop filling the archive. */
const mostRequests = 200;

/** More than a large installation of packages needs: each is a request to a registry. */
const mostUses = 3_000;

/** Wires the broker; `null` if this process is none, or if there is no Gitea that could confirm a job. */
export function createBroker(parts: Parts): BrokerPort | null {
  const { settings, policyInForce, records, gitea, access, grants, logger, now } = parts;
  if (gitea === null || (settings.role !== 'broker' && settings.role !== 'all')) return null;
  const jobs = giteaJobFacts(giteaClient({ url: gitea.url, authentication: gitea.asToken }));
  const tools: BrokerTools = {
    sessions: sessionBook(records),
    policy: policyInForce,
    proof: giteaJobProof(gitea.url),
    jobs,
    access: createAccessBook(grants, jobs),
    readers: new Map(
      access
        .filter(({ vault }) => settings.vaults.includes(vault))
        .map((one) => [one.vault.name, keyVaultSecretReader(one)]),
    ),
    ownSecrets: settings.ownSecrets,
    mostRequests,
    mostUses,
    upstream: httpsUpstream(parts.upstreamAuthority === null ? {} : { authority: parts.upstreamAuthority }),
    redaction: answerRedaction,
    now,
    nonce: () => randomBytes(4).toString('hex'),
    async watch(event) {
      logEvent(logger, event);
      if (event.kind === 'served') parts.counters.brokered('served');
      if (event.kind === 'refused' || event.kind === 'failed' || event.kind === 'use-refused')
        parts.counters.brokered('refused');
      if (event.kind === 'used') parts.counters.brokered('served');
      if (event.kind !== 'second-key') return;
      const { session, repository } = event;
      await parts.outbox?.announce({ type: 'access.second-key', session, repository, since: now().toISOString() });
    },
  };
  return {
    openSession: async (request) => await openSession(tools, request),
    read: async (request) =>
      await parts.trace('broker read', {}, async (note) => {
        const answer = await readForJob(tools, request);
        note({ outcome: answer.kind });
        return answer;
      }),
    look: async (request) => await lookForApproval(tools, request),
    placeholders: async (request) => await givePlaceholders(tools, request),
    use: async (request) => await useForJob(tools, request),
  };
}

function logEvent(logger: Logger, event: BrokerEvent): void {
  const { kind, session } = event;
  switch (kind) {
    case 'opened':
      logger.info(`The broker opened a session for a job of ${event.repository}.`, { session });
      return;
    case 'second-key': {
      const served = event.served.length === 0 ? 'nothing was given out' : `it was given ${event.served.join(', ')}`;
      logger.error(
        `A second key was shown for a running job of ${event.repository}; its session has ended, and ${served}.`,
        {
          session,
        },
      );
      return;
    }
    case 'served':
      logger.info(`The broker gave ${event.secret} to a job.`, { session, secret: event.secret });
      return;
    case 'refused':
    case 'failed':
      logger.warn(`The broker did not give ${event.secret} to a job: ${event.says}.`, {
        session,
        secret: event.secret,
      });
      return;
    case 'used':
      logger.info(`The broker made a request to ${event.host} for a job: ${event.says}.`, { session });
      return;
    case 'use-refused':
    case 'use-failed':
      logger.warn(`A request to ${event.host} for a job was not made, or has no whole answer: ${event.says}.`, {
        session,
      });
      return;
    default:
      event satisfies never;
  }
}

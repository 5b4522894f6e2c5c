import type { AccessBook } from '../broker/ports/access-book.ts';
import type { JobFactsSource } from '../broker/ports/job-facts.ts';
import { answerRequest } from '../grants/answer-request.ts';
import { askForAccess, spendApproval } from '../grants/ask-for-access.ts';
import type { GrantRequest } from '../grants/grant-entry.ts';
import type { GrantEvent, GrantTools } from '../grants/grant-tools.ts';
import { readGrantHistories } from '../grants/history/grant-history.ts';
import { explainNoApproval } from '../grants/may-approve.ts';
import type { Logger } from '../log/logger.ts';
import type { NotificationOutbox } from '../notify/notification-outbox.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Policy } from '../secrets/policy.ts';
import type { WebPorts } from '../web/web-ports.ts';

interface Parts {
  readonly records: RecordStore;
  readonly policy: () => Policy;
  /** Gitea's address; `null`: no job can be confirmed, so none can ask. */
  readonly gitea: string | null;
  readonly outbox: NotificationOutbox | null;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** The tools of requests for access: those who ask are told of in the log and by a message. */
export function createGrantTools({ records, policy, gitea, outbox, logger, now }: Parts): GrantTools {
  return {
    records,
    policy,
    gitea: gitea ?? '',
    now,
    async watch(event) {
      logger.info(describeEvent(event), { secret: event.secret });
      if (event.kind !== 'requested') return;
      const { grant, secret, repository } = event;
      await outbox?.announce({ type: 'access.awaits-approval', grant, secret, repository, since: now().toISOString() });
    },
  };
}

function describeEvent({ kind, secret, repository, breakGlass }: GrantEvent): string {
  if (kind === 'requested') return `A job of ${repository} waits for a person to approve that it gets ${secret}.`;
  return `A person ${kind} that a job of ${repository} gets ${secret}${breakGlass ? ', by break-glass' : ''}.`;
}

/** The book that the broker asks. */
export function createAccessBook(tools: GrantTools, jobs: JobFactsSource): AccessBook {
  return {
    ask: async ({ session, job, vault, name, access }) =>
      await askForAccess(tools, {
        session,
        vault,
        name,
        async request(): Promise<GrantRequest> {
          const { repository, runId, jobId, attempt, commit, workflow, branch, event, triggeredBy } = job;
          return {
            act: 'requested',
            vault,
            secret: name,
            job: { repository, runId, jobId, attempt, commit, workflow, branch, event },
            triggeredBy,
            author: commit === null ? null : await jobs.authorOf({ repository, commit }),
            approvers: [...access.approvers],
            lastsMs: access.lastsMs,
            uses: access.uses,
          };
        },
      }),
    spend: async (grant, read) => await spendApproval(tools, grant, read),
  };
}

/** What the portal shows and records of requests for access. */
export function accessPorts(tools: GrantTools): Pick<WebPorts, 'accessRequests' | 'answerAccess'> {
  return {
    async accessRequests(by) {
      const histories = await readGrantHistories(tools.records, { now: tools.now() });
      return histories.map((one) => {
        const question = by === null ? null : { request: one.request, by, policy: tools.policy(), gitea: tools.gitea };
        return { ...one, refusal: question === null ? null : explainNoApproval(question) };
      });
    },
    answerAccess: async (word) => await answerRequest(tools, word),
  };
}

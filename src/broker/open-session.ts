import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import type { BrokerTools } from './broker-tools.ts';
import { sessionName, type SessionJournal } from './journal/session-journal.ts';
import { servedSecrets } from './journal/served-secrets.ts';
import type { JobFacts } from './ports/job-facts.ts';
import type { ProvenTask } from './ports/job-proof.ts';

/** What a job shows to get a session. */
export interface SessionRequest {
  /** Its runtime token, or an id token. Never stored and never logged. */
  readonly credential: SecretValue;
  /** Thumbprint of the key that signed the request. */
  readonly key: string;
  /** Where the job says it runs, `owner/name`; Gitea must show it there. */
  readonly repository: string;
}

/**
 * Binds one key to one task, which Gitea confirms to be running, and returns the session. The same key gets the same session
 * again, so a lost answer and the later steps of a job do no harm. Another key ends both sessions: one of the two is not the
 * job, and nobody can tell which.
 * @throws ServiceError `BROKER_JOB_NOT_CONFIRMED`, `BROKER_SECOND_KEY`, `GITEA_UNREACHABLE` and the others of the ports.
 */
export async function openSession(
  tools: BrokerTools,
  { credential, key, repository }: SessionRequest,
): Promise<{ readonly session: string }> {
  const task = await tools.proof.prove(credential);
  if (task === null) throw notConfirmed('Gitea refuses the token, or its job has ended');
  const session = sessionName(tools.jobs.instance, task.taskId);
  for (;;) {
    try {
      await enter(tools, { session, task, key, repository, credential });
      return { session };
    } catch (error) {
      // Another broker, or the same one, was faster: look again.
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
  }
}

interface Entering {
  readonly session: string;
  readonly task: ProvenTask;
  readonly key: string;
  readonly repository: string;
  readonly credential: SecretValue;
}

async function enter(tools: BrokerTools, entering: Entering): Promise<void> {
  const { session, task, key } = entering;
  const journal = await tools.sessions.read(session);
  const { state } = journal;
  if (state === null) {
    const facts = await confirmedFacts(tools, task, entering);
    const opened = { act: 'opened', taskId: task.taskId, job: facts, key } as const;
    await tools.sessions.append(journal, { at: tools.now(), facts: opened });
    await tools.watch({ kind: 'opened', session, repository: facts.repository });
    return;
  }
  if (state.key !== key) await endBoth(tools, journal, key);
  if (state.key !== key || state.ended === 'second-key') throw new ServiceError('BROKER_SECOND_KEY', { session });
  if (state.ended !== null) throw notConfirmed('its session has ended');
}

/** Records the second key once. */
async function endBoth({ sessions, now, watch }: BrokerTools, journal: SessionJournal, key: string): Promise<void> {
  if (journal.state?.ended !== null) return;
  await sessions.append(journal, { at: now(), facts: { act: 'second-key', key } });
  const { repository } = journal.state.job;
  await watch({ kind: 'second-key', session: journal.session, repository, served: servedSecrets(journal.entries) });
}

async function confirmedFacts(
  { jobs, proof }: BrokerTools,
  task: ProvenTask,
  { repository, credential }: Entering,
): Promise<JobFacts> {
  const { runId, jobId } = task;
  const found = await jobs.read({ runId, jobId, repository });
  if (found === null) throw notConfirmed('Gitea shows no such job in this repository');
  if (!found.isRunning) throw notConfirmed('Gitea says that the job is not running');
  // Gitea describes the newest attempt: if it began after the proof, the task of the proof has ended meanwhile.
  if (found.facts.attempt > 1 && (await proof.prove(credential)) === null)
    throw notConfirmed('its job has ended while it was looked at');
  return found.facts;
}

function notConfirmed(reason: string): ServiceError {
  return new ServiceError('BROKER_JOB_NOT_CONFIRMED', { reason });
}

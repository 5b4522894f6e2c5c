import { ServiceError } from '../service-error.ts';
import type { GrantRequest } from './grant-entry.ts';
import { appendToGrant, grantName, readGrant } from './grant-journal.ts';
import { type GrantState, type Standing, standingOf } from './grant-state.ts';
import type { GrantTools } from './grant-tools.ts';

/** What a job gets to hear about its request. */
export interface AccessAnswer {
  readonly grant: string;
  readonly standing: Extract<Standing, 'waiting' | 'approved' | 'declined'>;
  readonly approvers: readonly string[];
}

/**
 * Says whether a session may have a secret that needs a person's word now, and asks for it if nobody asked yet, or if the
 * last approval is over. A request that was declined stays declined for the life of the job.
 * `request` is called only if a request is made.
 */
export async function askForAccess(
  tools: GrantTools,
  {
    session,
    vault,
    name,
    request,
  }: {
    readonly session: string;
    readonly vault: string;
    readonly name: string;
    readonly request: () => Promise<GrantRequest>;
  },
): Promise<AccessAnswer> {
  const grant = grantName(session, { vault, name });
  for (;;) {
    const journal = await readGrant(tools.records, grant);
    const standing = journal.state === null ? 'none' : standingOf(journal.state, tools.now());
    if (journal.state !== null && isAnswer(standing)) return answerOf(grant, journal.state, standing);
    const facts = await request();
    try {
      await appendToGrant(tools.records, journal, { at: tools.now(), facts });
    } catch (error) {
      if (ServiceError.is(error, 'RECORD_EXISTS')) continue;
      throw error;
    }
    const { repository } = facts.job;
    await tools.watch({ kind: 'requested', grant, secret: `${vault}/${name}`, repository, breakGlass: false });
    return { grant, standing: 'waiting', approvers: facts.approvers };
  }
}

/**
 * Spends one use of an approval on a read, before the read. Returns false if there is none left to spend: another request
 * of the job was faster, or its time is over.
 */
export async function spendApproval(tools: GrantTools, grant: string, read: string): Promise<boolean> {
  for (;;) {
    const journal = await readGrant(tools.records, grant);
    const at = tools.now();
    if (journal.state === null || standingOf(journal.state, at) !== 'approved') return false;
    try {
      await appendToGrant(tools.records, journal, { at, facts: { act: 'used', read } });
      return true;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
  }
}

function isAnswer(standing: Standing | 'none'): standing is AccessAnswer['standing'] {
  return standing === 'waiting' || standing === 'approved' || standing === 'declined';
}

function answerOf(grant: string, { request }: GrantState, standing: AccessAnswer['standing']): AccessAnswer {
  return { grant, standing, approvers: request.approvers };
}

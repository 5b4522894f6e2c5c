import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { appendToGrant, isGrantName, readGrant } from './grant-journal.ts';
import { standingOf } from './grant-state.ts';
import type { GrantTools } from './grant-tools.ts';
import { explainNoApproval, explainNoException, giteaAccountOf } from './may-approve.ts';

/** A person's word on a request for access. `breakGlass`: the recorded exception, which is a finding. */
export interface AccessWord {
  readonly grant: string;
  readonly by: Person;
  readonly says: 'approve' | 'decline';
  readonly breakGlass: boolean;
  readonly reason: string;
}

/**
 * Records a person's word on a request that waits. It counts for that run of that commit alone, from the next request of
 * the job on. @throws ServiceError `ACCESS_ANSWER_REFUSED` with the reason, `RECORD_…`.
 */
export async function answerRequest(tools: GrantTools, word: AccessWord): Promise<void> {
  const { grant, by, breakGlass, reason: text } = word;
  const refuse = (reason: string) => new ServiceError('ACCESS_ANSWER_REFUSED', { grant, reason });
  if (!isGrantName(grant)) throw refuse('there is no such request');
  for (;;) {
    const journal = await readGrant(tools.records, grant);
    const { state } = journal;
    if (state === null) throw refuse('there is no such request');
    const at = tools.now();
    const standing = standingOf(state, at);
    if (standing !== 'waiting') throw refuse(`the request is ${standing}`);
    const { request } = state;
    const question = { request, by, policy: tools.policy(), gitea: tools.gitea };
    // Anybody who may act can say no; the exception for one person is for a yes.
    const noYes = breakGlass ? explainNoException(by) : explainNoApproval(question);
    const why = word.says === 'decline' ? null : noYes;
    if (why !== null) throw refuse(why);
    if (breakGlass && text.trim() === '') throw refuse('break-glass needs a reason');
    const until = new Date(at.getTime() + request.lastsMs).toISOString();
    const facts =
      word.says === 'decline'
        ? ({ act: 'declined', by, text } as const)
        : ({
            act: 'approved',
            by,
            breakGlass,
            until,
            account: breakGlass ? null : giteaAccountOf(question),
            text,
          } as const);
    try {
      await appendToGrant(tools.records, journal, { at, facts });
    } catch (error) {
      if (ServiceError.is(error, 'RECORD_EXISTS')) continue;
      throw error;
    }
    const kind = word.says === 'decline' ? 'declined' : 'approved';
    const { repository } = request.job;
    await tools.watch({ kind, grant, secret: `${request.vault}/${request.secret}`, repository, breakGlass });
    return;
  }
}

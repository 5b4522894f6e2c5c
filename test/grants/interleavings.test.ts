import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerRequest } from '../../src/grants/answer-request.ts';
import { askForAccess, spendApproval } from '../../src/grants/ask-for-access.ts';
import type { GrantRequest } from '../../src/grants/grant-entry.ts';
import type { GrantTools } from '../../src/grants/grant-tools.ts';
import { readGrantHistories } from '../../src/grants/history/grant-history.ts';
import type { Person } from '../../src/provenance/person.ts';
import { ServiceError } from '../../src/service-error.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
/** `npm test` runs a share; KEYTURN_TEST_HISTORIES asks for more. */
const histories = Number(process.env['KEYTURN_TEST_HISTORIES'] ?? 3_000);
console.log(`interleavings: KEYTURN_TEST_SEED=${String(seed)}, ${String(histories)} histories`);

const gitea = 'https://git.example.org';
const person = (id: number): Person => ({ kind: 'signed-in', subject: { issuer: gitea, id: String(id) }, name: 'x' });

/** A run of a commit, by numbers: person 1 or 2 starts it, person 2 or 3 wrote it. */
interface Run {
  readonly session: string;
  readonly triggeredBy: number;
  readonly author: number;
}

type Step =
  | { readonly kind: 'read'; readonly run: number }
  | { readonly kind: 'approve' | 'decline'; readonly run: number; readonly by: number; readonly breakGlass: boolean }
  | { readonly kind: 'wait'; readonly minutes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('read' as const), run: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('approve' as const, 'decline' as const, 'approve' as const),
      run: fc.nat(2),
      by: fc.integer({ min: 1, max: 4 }),
      breakGlass: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 2_000 }) }),
  },
);

const runs: readonly Run[] = [
  { session: 'aaaaaaaa-000000000001', triggeredBy: 1, author: 2 },
  { session: 'aaaaaaaa-000000000002', triggeredBy: 2, author: 2 },
  { session: 'aaaaaaaa-000000000003', triggeredBy: 1, author: 3 },
];

function requestOf({ triggeredBy, author, session }: Run): GrantRequest {
  const runId = Number(session.slice(-1));
  const job = {
    repository: 'shop/orders',
    runId,
    jobId: runId,
    attempt: 1,
    commit: null,
    workflow: null,
    branch: 'main',
    event: 'push',
  };
  return {
    act: 'requested',
    vault: 'kv',
    secret: 'payments',
    job,
    triggeredBy: { id: triggeredBy, login: 'a' },
    author: { id: author, login: 'b' },
    approvers: ['operator'],
    lastsMs: 30 * 60_000,
    uses: 2,
  };
}

describe('requests, approvals and reads in any order', () => {
  it('never spend an approval that no second person gave for that run, or more often than it allows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 3, maxLength: 12 }),
        async (rounds) => {
          const records = memoryRecordStore();
          let now = Date.parse('2026-03-02T00:00:00Z');
          const at = new Map<string, number>();
          const tools: GrantTools = {
            records,
            policy: () => ({ people: [] }),
            gitea,
            now: () => new Date(now),
            watch: async () => await Promise.resolve(),
          };
          let reads = 0;
          const act = async (one: Step): Promise<void> => {
            if (one.kind === 'wait') {
              now += one.minutes * 60_000;
              return;
            }
            const run = runs[one.run] ?? runs[0];
            if (run === undefined) return;
            const question = {
              session: run.session,
              vault: 'kv',
              name: 'payments',
              request: async () => await Promise.resolve(requestOf(run)),
            };
            if (one.kind === 'read') {
              const { grant, standing } = await askForAccess(tools, question);
              reads += 1;
              const reference = `broker/${run.session}#${String(reads)}`;
              if (standing === 'approved' && (await spendApproval(tools, grant, reference))) at.set(reference, now);
              return;
            }
            const { grant } = await askForAccess(tools, question);
            const word = { grant, by: person(one.by), says: one.kind, breakGlass: one.breakGlass, reason: 'because' };
            try {
              await answerRequest(tools, word);
            } catch (error) {
              if (!ServiceError.is(error, 'ACCESS_ANSWER_REFUSED')) throw error;
            }
          };
          for (const round of rounds) await Promise.all(round.map(act));

          const spent = new Set<string>();
          for (const { request, answer, uses, grant } of await readGrantHistories(records, { now: new Date(now) })) {
            const run = runs.find(({ session }) => grant.startsWith(session));
            expect(uses.length).toBeLessThanOrEqual(request.uses);
            for (const use of uses) {
              expect(use.startsWith(`broker/${run?.session ?? ''}#`)).toBe(true);
              expect(spent.has(use)).toBe(false);
              spent.add(use);
              expect(answer?.says).toBe('approved');
              const by = answer?.by.kind === 'signed-in' ? Number(answer.by.subject.id) : 0;
              const isSecond = by !== request.triggeredBy?.id && by !== request.author?.id;
              expect(isSecond || answer?.breakGlass).toBe(true);
              const age = (at.get(use) ?? Number.NaN) - Date.parse(answer?.at ?? '');
              expect(age >= 0 && age < request.lastsMs).toBe(true);
            }
          }
          // Every read that was let through is on record.
          expect([...at.keys()].every((reference) => spent.has(reference))).toBe(true);
        },
      ),
      { seed, numRuns: histories },
    );
  });
});

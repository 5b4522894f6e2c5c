import { z } from 'zod';
import { parsePerson, type Person } from '../provenance/person.ts';
import { recordedTime } from '../records/parse-record.ts';

const account = z.object({ id: z.int(), login: z.string() });

/** `parsePerson` knows the exact shape of a person. */
const person = z.unknown().transform((value, context): Person => {
  const parsed = parsePerson(value);
  if (parsed !== null) return parsed;
  context.addIssue('is not a person');
  return z.NEVER;
});

const text = z.string().max(300);

const facts = z.discriminatedUnion('act', [
  z.object({
    act: z.literal('requested'),
    vault: z.string(),
    secret: z.string(),
    /** The job that asks, by Gitea's word: the approval is for this run of this commit and this workflow alone. */
    job: z.object({
      repository: z.string(),
      runId: z.int(),
      jobId: z.int(),
      attempt: z.int(),
      commit: z.string().nullable(),
      workflow: z.string().nullable(),
      branch: z.string().nullable(),
      event: z.string(),
    }),
    /** Who must not approve. `null`: Gitea does not say who it was. */
    triggeredBy: account.nullable(),
    author: account.nullable(),
    approvers: z.array(z.string()),
    lastsMs: z.int(),
    uses: z.int(),
  }),
  z.object({
    act: z.literal('approved'),
    by: person,
    breakGlass: z.boolean(),
    until: recordedTime,
    /** The account of Gitea that the person was shown to have; `null` by break-glass. */
    account: z.int().nullable(),
    text,
  }),
  z.object({ act: z.literal('declined'), by: person, text }),
  /** `read`: the entry of the broker's journal that the approval was spent on. */
  z.object({ act: z.literal('used'), read: z.string() }),
]);

export const grantEntryShape = z.object({
  format: z.literal(1),
  /** `SESSION.DIGEST`, of one session of the broker and one secret. */
  grant: z.string(),
  number: z.int(),
  previous: z.string().nullable(),
  at: recordedTime,
  facts,
});

export type GrantEntry = z.infer<typeof grantEntryShape>;
export type GrantFacts = GrantEntry['facts'];
export type GrantRequest = Extract<GrantFacts, { readonly act: 'requested' }>;
export type GrantApproval = Extract<GrantFacts, { readonly act: 'approved' }>;

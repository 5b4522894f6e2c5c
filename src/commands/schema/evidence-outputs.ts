import { z } from 'zod';
import type { AccessDrift } from '../../audit/posture/access-drift.ts';
import type { AccessPlan } from '../../audit/posture/access-plan.ts';
import type { AttributedFiles } from '../../audit/join/attribute-files.ts';
import type { PackComparison } from '../../evidence/compare-packs.ts';
import { packSummaryShape } from '../../evidence/pack/pack-archive.ts';
import type { AmendmentVerification } from '../../evidence/verify/verify-amendments.ts';
import type { ArchiveVerification } from '../../evidence/verify/verify-archive.ts';
import type { ChainVerification } from '../../evidence/verify/verify-chain.ts';
import type { Verification } from '../../evidence/verify/verification.ts';
import { findingLife, findingMembers, findingStep, text, time } from '../../web/interface/answer-shapes.ts';

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);

/** What `attribute --json` counts. */
export const attribute = z.strictObject({
  rows: count,
  attributed: count,
  kinds: counts,
  grades: counts,
  unreadable: count,
  unreadableRows: z.array(z.strictObject({ place: text, reason: text })),
  unreadableReasons: z.array(z.strictObject({ reason: text, count, first: text })),
  lacks: z.array(text),
}) satisfies z.ZodType<AttributedFiles>;

/** What `report --json` prints: a pack that was made or copied, or the list. */
export const report = z.union([
  z.strictObject({ pack: packSummaryShape, directory: text }),
  z.strictObject({ packs: z.array(packSummaryShape) }).meta({ description: 'With --list.' }),
]);

/** A finding, or the decision that was recorded about one. */
export const findings = z.union([
  z.strictObject({ ...findingMembers, life: findingLife.nullable() }),
  findingStep.meta({ description: 'Of accept, respond and withdraw.' }),
]);

const statement = z.strictObject({ pack: text, statementSha256: text });
const verified = {
  outcome: z.enum(['intact', 'broken']),
  message: text,
  signer: z.enum(['trusted', 'not-verified', 'not-trusted']),
  fingerprint: text.nullable(),
  pack: text.nullable(),
  status: z.enum(['final', 'provisional']).nullable(),
  synthetic: z.boolean().nullable(),
  reads: count.nullable(),
  files: count,
  link: z
    .strictObject({
      ...statement.shape,
      previous: statement.nullable(),
      amends: statement.nullable(),
      period: z.strictObject({ from: text, to: text }),
    })
    .nullable(),
  faults: z.array(z.strictObject({ file: text, row: z.int().nullable(), message: text })),
} satisfies { readonly [Member in keyof Verification]: z.ZodType<Verification[Member]> };

const placed = { directory: text, pack: text.nullable(), message: text };
const chain = z.strictObject({
  outcome: z.enum(['whole', 'broken']),
  message: text,
  follows: text.nullable(),
  keyChanges: z.array(z.strictObject({ pack: text, from: text, to: text })),
  faults: z.array(z.strictObject({ code: text, ...placed })),
}) satisfies z.ZodType<Omit<ChainVerification, 'faults'>>;
const amendment = z.strictObject({
  directory: text,
  pack: text,
  amends: text,
  outcome: z.enum(['agrees', 'disagrees', 'not-given']),
  message: text,
}) satisfies z.ZodType<AmendmentVerification>;
const archive = z.strictObject({
  outcome: z.enum(['agrees', 'disagrees']),
  message: text,
  fingerprint: text,
  notGiven: z.array(text),
  faults: z.array(z.looseObject({ code: text, message: text })),
}) satisfies z.ZodType<Omit<ArchiveVerification, 'faults'>>;

export const verify = z.union([
  z.strictObject(verified),
  z
    .strictObject({
      packs: z.array(z.strictObject({ directory: text, ...verified })),
      chain: chain.nullable(),
      amendments: z.array(amendment),
      archive: archive.nullable(),
    })
    .meta({ description: 'Of several packs, or with --archive.' }),
]);

const named = z.strictObject({ id: text, rule: text, severity: text, subject: text, description: text, count });
const outcome = z.enum(['exceptions', 'no exceptions', 'not tested']).nullable();
export const diff = z.strictObject({
  before: text.nullable(),
  after: text.nullable(),
  isDifferent: z.boolean(),
  findings: z.strictObject({ new: z.array(named), recurring: z.array(named), fixed: z.array(named) }),
  counts: z.array(z.strictObject({ what: text, before: z.number(), after: z.number() })),
  controls: z.array(z.strictObject({ control: text, before: outcome, after: outcome })),
}) satisfies z.ZodType<Omit<PackComparison, 'findings'>>;

export const sample = z.strictObject({
  pack: text,
  statementSha256: text,
  seed: text,
  drawn: count,
  population: count,
});

const grant = z.strictObject({
  verdict: z.enum(['may-read', 'on-condition', 'may-activate', 'cannot-tell', 'may-grant-itself']),
  kind: z.enum(['role-assignment', 'access-policy']),
  id: text,
  role: text,
  scope: text,
  reach: z.enum(['secret', 'vault', 'above-vault']),
  group: text.nullable(),
  endsAt: time.nullable(),
});
const difference = z.strictObject({
  kind: z.enum(['too-much', 'missing']),
  vault: text,
  secret: text.nullable(),
  principalId: text,
  grant: grant.nullable(),
  why: text,
}) satisfies z.ZodType<AccessDrift['differences'][number]>;
const notSeen = z.array(z.strictObject({ vault: text, because: text }));

export const access = z.union([
  z.strictObject({
    differences: z.array(difference),
    undecided: z.array(z.strictObject({ vault: text, principalId: text, grant })),
    notSeen,
  }) satisfies z.ZodType<Omit<AccessDrift, 'notSeen'>>,
  z
    .strictObject({
      create: z.array(
        z.strictObject({
          vault: text,
          scope: text,
          secret: text.nullable(),
          principalId: text,
          role: z.enum(['Key Vault Secrets User', 'Keyturn rotator']),
          reads: count,
        }),
      ),
      remove: z.array(z.strictObject({ id: text, vault: text, role: text, scope: text, why: text, reads: count })),
      byHand: z.array(difference),
      endingReads: z.array(z.strictObject({ objectId: text, vault: text, secret: text, count, lastAt: time })),
      notSeen,
    })
    .meta({ description: 'Of plan.' }) satisfies z.ZodType<Omit<AccessPlan, 'notSeen'>>,
]);

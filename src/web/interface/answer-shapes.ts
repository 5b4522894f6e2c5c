import { z } from 'zod';
import { grades } from '../../audit/model/attribution.ts';
import { retentionKindNames } from '../../retention/retention-kinds.ts';
import type { Finding } from '../../audit/model/finding.ts';
import type { FindingLife, FindingStep } from '../../audit/model/finding-life.ts';
import type { DeletedReads } from '../../audit/model/deleted-reads.ts';
import type { Person } from '../../provenance/person.ts';
import {
  bindings,
  healths,
  type ListedFinding,
  type ListedRead,
  type ListedRotation,
  type ListedSecret,
  type PortalPorts,
  type SecretDetail,
  type KeptRecords,
  type SetupCheck,
  type SourceHealth,
  type Upcoming,
} from '../portal-ports.ts';
import type { ListedAccess, ListedFile, ListedPack } from '../web-ports.ts';

/** The shapes of what the portal's ports show, for the descriptions of answers. Each is checked against its type here, and against real answers by tests. */

/** ISO 8601, UTC. */
export const time = z.string().meta({ format: 'date-time' });
const count = z.int().nonnegative();
export const text = z.string();

const subject = z.strictObject({ issuer: text, id: text });
export const person = z.union([
  z.strictObject({ kind: z.enum(['signed-in', 'machine']), subject, name: text }),
  z.strictObject({
    kind: z.literal('unnamed'),
    door: z.enum(['sign-in-link', 'loopback', 'command-line']),
    name: text,
  }),
]) satisfies z.ZodType<Person>;

const rotationStates = [
  'claimed',
  'staged',
  'issued',
  'verified',
  'published',
  'grace',
  'revoked',
  'done',
  'awaiting-go',
  'awaiting-approval',
  'retry-wait',
  'needs-attention',
  'superseded',
  'rolled-back',
  'abandoned',
] as const satisfies readonly ListedRotation['state'][];

export const rotation = z.strictObject({
  rotationId: text,
  vault: text,
  secret: text,
  state: z.enum(rotationStates),
  trigger: z.enum(['event', 'reconciler', 'person']),
  askedBy: person.nullable(),
  reason: text.nullable(),
  asks: z.array(
    z.strictObject({
      what: z.enum(['request', 'request-again', 'roll-back']),
      by: person,
      at: time,
      reason: text.nullable(),
    }),
  ),
  emergency: z.boolean(),
  claimedAt: time,
  fromVersion: text,
  publishedVersion: text.nullable(),
  publication: z.enum(['published', 'not-yet', 'never']),
  publishedAt: time.nullable(),
  oldValue: z.enum([
    'dead',
    'disabled-only',
    'cannot-be-shown',
    'in-grace',
    'in-force',
    'in-force-again',
    'none',
    'perhaps-replaced',
  ]),
  newValue: z.enum(['not-published', 'in-force', 'in-grace', 'withdrawn']),
  failure: text.nullable(),
  diagnosis: text.nullable(),
  note: text.nullable(),
  approvals: z.array(
    z.strictObject({
      step: z.enum(['publish', 'revoke']),
      by: person,
      at: time,
      breakGlass: z.boolean(),
      reason: text.nullable(),
    }),
  ),
  declines: z.array(z.strictObject({ step: z.enum(['publish', 'revoke', 'go']), by: person, at: time, reason: text })),
  environment: text.nullable(),
  awaits: z.enum(['publish', 'revoke', 'go']).nullable(),
  waitsFor: z.array(text),
}) satisfies z.ZodType<ListedRotation>;

export const secret = z.strictObject({
  vault: text,
  secret: text,
  environment: text.nullable(),
  owner: text.nullable(),
  binding: z.enum(bindings),
  issuer: text.nullable(),
  version: text.nullable(),
  created: time.nullable(),
  expires: time.nullable(),
  due: time.nullable(),
  lastRotatedAt: time.nullable(),
  lastReadAt: time.nullable(),
  reads: count,
  health: z.enum(healths),
}) satisfies z.ZodType<ListedSecret>;

export const upcoming = z.strictObject({
  at: time,
  vault: text,
  secret: text,
  says: text,
}) satisfies z.ZodType<Upcoming>;

export const secretDetail = z.strictObject({
  secret,
  policy: z.array(text),
  upcoming: z.array(upcoming),
  versions: z.array(
    z.strictObject({ version: text, publishedAt: time.nullable(), rotationId: text.nullable(), standing: text }),
  ),
  rotations: z.array(rotation),
  possibleReaders: z
    .strictObject({
      at: time,
      readers: z.array(
        z.strictObject({
          principalId: text,
          knownAs: text.nullable(),
          verdict: text,
          grants: z.array(z.strictObject({ role: text, reach: text, group: text.nullable() })),
        }),
      ),
    })
    .nullable(),
}) satisfies z.ZodType<SecretDetail>;

export const read = z.strictObject({
  id: text,
  at: time,
  vault: text,
  secret: text,
  version: text.nullable(),
  grade: z.enum(grades),
  job: text.nullable(),
  person: text.nullable(),
  identity: text.nullable(),
  address: text.nullable(),
  correlationId: text.nullable(),
  reason: text,
}) satisfies z.ZodType<ListedRead>;

export const findingStep = z.strictObject({
  format: z.literal(1),
  number: z.int().positive(),
  finding: text,
  at: time,
  by: person,
  kind: z.enum(['accepted', 'responded', 'withdrawn']),
  text,
  until: time.nullable(),
  owner: text.nullable(),
  due: text.nullable(),
  ticket: text.nullable(),
  previous: text.nullable(),
}) satisfies z.ZodType<FindingStep>;

export const findingLife = z.strictObject({
  state: z.enum(['open', 'accepted', 'fixed', 'recurred']),
  since: time,
  description: text,
  owner: text.nullable(),
  due: text.nullable(),
  ticket: text.nullable(),
  response: text.nullable(),
  steps: z.array(findingStep),
}) satisfies z.ZodType<FindingLife>;

const severity = z.enum(['high', 'medium', 'low', 'information']);

export const findingMembers = {
  format: z.literal(1),
  id: text,
  rule: text.meta({ description: 'The rule that made it, such as read-by-person; docs/auditing.md lists them.' }),
  severity,
  subject: text,
  description: text,
  firstAt: time,
  lastAt: time,
  count,
  evidence: z.array(text),
  ended: z.strictObject({ at: time, by: text }).nullable(),
} satisfies { readonly [Member in keyof Omit<Finding, 'rule'>]: z.ZodType<Finding[Member]> } & {
  readonly rule: z.ZodType<string>;
};

export const finding = z.strictObject({ ...findingMembers, life: findingLife }) satisfies z.ZodType<
  Omit<ListedFinding, 'rule'> & { readonly rule: string }
>;

export const pack = z.strictObject({
  id: text,
  from: time,
  to: time,
  frameworks: z.array(text),
  status: z.enum(['final', 'provisional']),
  synthetic: z.boolean(),
  producedAt: time,
  retrievals: count,
  tied: count,
  suspicious: count,
  findings: count,
  amends: text.exactOptional(),
}) satisfies z.ZodType<ListedPack>;

export const packFile = z.strictObject({ path: text, bytes: count }) satisfies z.ZodType<ListedFile>;

const differing = z.strictObject({ id: text, severity, description: text });

export const packDifference = z.strictObject({
  earlier: text,
  added: z.array(differing),
  recurring: z.array(differing),
  fixed: z.array(differing),
  controls: z.array(z.strictObject({ control: text, before: text.nullable(), after: text.nullable() })),
}) satisfies z.ZodType<Awaited<ReturnType<PortalPorts['comparePack']>>>;

export const packCheck = z.strictObject({
  intact: z.boolean(),
  fingerprint: text.nullable(),
  files: count,
  faults: z.array(text),
}) satisfies z.ZodType<Awaited<ReturnType<PortalPorts['checkPack']>>>;

export const setupCheck = z.strictObject({
  what: text,
  verdict: z.enum(['pass', 'warn', 'fail']),
  says: text,
  command: text.nullable(),
}) satisfies z.ZodType<SetupCheck>;

const deletion = z.strictObject({
  format: z.literal(1),
  number: count,
  kind: z.enum(retentionKindNames),
  name: text,
  from: time,
  to: time,
  rule: text,
  at: time,
  endedAt: time.nullable(),
  records: count,
  kept: count.nullable(),
  list: text,
});

const hold = z.strictObject({
  format: z.literal(1),
  number: count,
  at: time,
  by: person,
  reason: text,
  from: time.nullable(),
  to: time.nullable(),
  lifted: z.strictObject({ at: time, by: person, reason: text }).nullable(),
});

export const keptRecords = z.strictObject({
  kinds: z.array(z.strictObject({ kind: z.enum(retentionKindNames), holds: text, keep: text.nullable() })),
  deletions: z.array(deletion),
  holds: z.array(hold),
}) satisfies z.ZodType<KeptRecords>;

export const deletedReads = z.strictObject({
  what: z.enum(['rows of the log', 'jobs', 'receipts']),
  from: time,
  to: time,
  rule: text,
}) satisfies z.ZodType<DeletedReads>;

export const source = z.strictObject({
  what: text,
  state: z.enum(['good', 'late', 'failed', 'off']),
  says: text,
}) satisfies z.ZodType<SourceHealth>;

const giteaAccount = z.strictObject({ id: z.int(), login: text });

export const accessRequest = z.strictObject({
  grant: text,
  number: z.int().positive(),
  requestedAt: time,
  request: z.strictObject({
    act: z.literal('requested'),
    vault: text,
    secret: text,
    job: z.strictObject({
      repository: text,
      runId: z.int(),
      jobId: z.int(),
      attempt: z.int(),
      commit: text.nullable(),
      workflow: text.nullable(),
      branch: text.nullable(),
      event: text,
    }),
    triggeredBy: giteaAccount.nullable(),
    author: giteaAccount.nullable(),
    approvers: z.array(text),
    lastsMs: z.int(),
    uses: z.int(),
  }),
  standing: z.enum(['waiting', 'approved', 'declined', 'lapsed', 'expired', 'spent']),
  answer: z
    .strictObject({
      says: z.enum(['approved', 'declined']),
      by: person,
      at: time,
      breakGlass: z.boolean(),
      account: z.int().nullable(),
      reason: text,
    })
    .nullable(),
  uses: z.array(text),
  refusal: text.nullable(),
}) satisfies z.ZodType<ListedAccess>;

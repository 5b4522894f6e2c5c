import { z } from 'zod';
import { jailGrades, useRefusalCodes } from '../../provenance/use-exchange.ts';
import { recordedTime } from '../../records/parse-record.ts';

/** Why a job did not get a value, or a request was not made for it. Closed: the report counts them. */
const refusalCodes = [
  'session-ended',
  'job-ended',
  'repository-moved',
  'secret-not-bound',
  'no-namespace',
  'outside-namespace',
  'secret-of-keyturn',
  'vault-not-served',
  'too-many-reads',
  'outside-access-rule',
  'approval-needed',
  'approval-declined',
  /** The job may use it, and may not have it. */
  'use-only',
  ...useRefusalCodes,
] as const;

export type RefusalCode = (typeof refusalCodes)[number];

const account = z.object({ id: z.int(), login: z.string() });

const factsShape = z.object({
  repositoryId: z.int(),
  repository: z.string(),
  runId: z.int(),
  jobId: z.int(),
  attempt: z.int(),
  startedAt: z.string().nullable(),
  event: z.string(),
  branch: z.string().nullable(),
  protectedBranch: z.boolean(),
  fork: z.union([z.boolean(), z.literal('unknown')]),
  workflow: z.string().nullable(),
  commit: z.string().nullable(),
  triggeredBy: account.nullable(),
});

const secretShape = z.object({ vault: z.string(), secret: z.string(), version: z.string().nullable() });

/** A request that a job asked the broker to make. Never its query, its headers or its body. */
const requestShape = z.object({ proof: z.string(), method: z.string(), host: z.string() });

/** The facts of each kind of entry. None holds a value, its hash or its length. */
const facts = z.discriminatedUnion('act', [
  z.object({
    act: z.literal('opened'),
    taskId: z.int(),
    job: factsShape,
    /** RFC 7638 thumbprint of the public key to which the task is bound. */
    key: z.string(),
  }),
  /** Another key was shown for the running task: both sessions end. */
  z.object({ act: z.literal('second-key'), key: z.string() }),
  /** Gitea says that the job no longer runs. */
  z.object({ act: z.literal('job-ended') }),
  /**
   * A value was allowed and is about to be read. `proof`: the id of the signed request, so that it counts once. `nonce`: in
   * the stamp of the read, so that its row is known though the answer was lost.
   */
  z.object({
    act: z.literal('asked'),
    ...secretShape.shape,
    proof: z.string(),
    nonce: z.string(),
    namespace: z.string(),
    policy: z.string(),
    /** The request for access that a person approved; `null` if the policy asks nobody. */
    grant: z.string().nullable(),
  }),
  z.object({
    act: z.literal('refused'),
    ...secretShape.shape,
    proof: z.string(),
    because: z.array(z.enum(refusalCodes)),
  }),
  /** `of`: the number of its `asked` entry. `requestId`: the vault's own, which the row of its log has too. */
  z.object({
    act: z.literal('served'),
    of: z.int(),
    version: z.string(),
    requestId: z.string(),
    vaultAt: recordedTime,
  }),
  z.object({ act: z.literal('failed'), of: z.int(), code: z.string(), requestId: z.string().nullable() }),
  /** Placeholders were given for secrets, `vault/name`. `jail`: how the command is kept, by the helper's own word. */
  z.object({
    act: z.literal('placeholders'),
    proof: z.string(),
    secrets: z.array(z.string()),
    jail: z.enum(jailGrades),
  }),
  /**
   * A request was allowed and is about to be made. `path`: the pattern of the policy that it matched. `reads`: the values that
   * it needs: those that are put into it, and those that are only searched for in its answer.
   */
  z.object({
    act: z.literal('use-asked'),
    ...requestShape.shape,
    path: z.string(),
    policy: z.string(),
    reads: z.array(
      z.object({
        vault: z.string(),
        secret: z.string(),
        nonce: z.string(),
        namespace: z.string(),
        grant: z.string().nullable(),
        put: z.boolean(),
      }),
    ),
  }),
  z.object({
    act: z.literal('use-refused'),
    ...requestShape.shape,
    /** Those whose placeholders it holds, `vault/name`. */
    secrets: z.array(z.string()),
    because: z.array(z.enum(refusalCodes)),
  }),
  /**
   * How a request ended. `status`: of the upstream's answer; `null` if there was none. `code`: what failed; `null` if the
   * whole answer went to the job. `reads`: the vault's answers, in the order of the `use-asked` entry; `null` for one that was not
   * asked or whose answer was lost. Bytes are those of bodies.
   */
  z.object({
    act: z.literal('used'),
    of: z.int(),
    status: z.int().nullable(),
    code: z.string().nullable(),
    bytesOut: z.int(),
    bytesIn: z.int(),
    reads: z.array(z.object({ version: z.string().nullable(), requestId: z.string() }).nullable()),
  }),
]);

export const brokerEntryShape = z.object({
  format: z.literal(1),
  /** `instance-task`. */
  session: z.string(),
  /** From 1, without gaps. */
  number: z.int(),
  /** sha256 of the previous entry in canonical JSON, hexadecimal; `null` for the first. */
  previous: z.string().nullable(),
  at: recordedTime,
  facts,
});

export type BrokerEntry = z.infer<typeof brokerEntryShape>;
export type BrokerFacts = BrokerEntry['facts'];
/** The facts of a job at the moment when its session was opened. */
export type SessionJob = z.infer<typeof factsShape>;

import { z } from 'zod';
import { retentionKindNames } from '../../src/retention/retention-kinds.ts';

/** The shape of every file of rows in a pack, with what each member is: docs/formats.md shows them, and tests hold packs to them. */

const text = (about: string) => z.string().describe(about);
const optionalText = (about: string) => z.string().nullable().describe(about);
const time = (about: string) => z.iso.datetime().describe(about);
const optionalTime = (about: string) => z.iso.datetime().nullable().describe(about);
const day = (about: string) => z.iso.date().describe(about);
const count = (about: string) => z.number().int().nonnegative().describe(about);
const flag = (about: string) => z.boolean().describe(about);
const digest = (about: string) =>
  z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe(about);
const texts = (about: string) => z.array(z.string()).describe(about);
const oneOf = <const Words extends readonly string[]>(words: Words, about: string) => z.enum(words).describe(about);
const format = z.literal(1).describe('the version of the format');

const person = (about: string) =>
  z
    .union([
      z.strictObject({
        kind: z.enum(['signed-in', 'machine']),
        name: z.string(),
        subject: z.strictObject({ issuer: z.string(), id: z.string() }),
      }),
      z.strictObject({ kind: z.literal('unnamed'), name: z.string(), door: z.string() }),
    ])
    .describe(about);

const identity = z
  .strictObject({
    objectId: z.string().nullable(),
    applicationId: z.string().nullable(),
    userPrincipalName: z.string().nullable(),
    managedIdentity: z.string().nullable(),
    kind: z.enum(['workload', 'person', 'none']),
  })
  .describe('the identity that the row names; `kind` is `workload`, `person` (a delegated token) or `none`');

/** An operation of the vault's log, as it was parsed. */
const operation = {
  format,
  id: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('of the event: see [attribution](#attribution-in-and-out)'),
  at: time('when, with the seven digits of the log'),
  kind: text('`read`, `denied`, `write`, …'),
  operation: text("the log's own name, such as `SecretGet`"),
  status: count('the HTTP status'),
  vault: text('name of the vault'),
  secret: optionalText('name of the secret'),
  version: optionalText('the version served'),
  requestedVersion: optionalText('the version asked for'),
  identity,
  address: optionalText('the address of the caller'),
  client: optionalText('the User-Agent; only a claim'),
  correlationId: optionalText("the vault's id of the request"),
  roleAssignment: optionalText('the role assignment that allowed it'),
  denial: optionalText(
    'why it was refused: `rbac`, `access-policy`, `firewall`, `disabled`, `unauthenticated`, `unknown`',
  ),
  sources: texts('every table or archive that contained the row'),
  receivedAt: optionalTime('when the log store received it'),
  statusDisagrees: z.literal(true).exactOptional().describe('only if status and signature contradict each other'),
};
const breaks = texts('the rules that it breaks');
const event = z.strictObject({ ...operation, breaks });

const job = z.strictObject({
  format,
  instance: text('as in a [job](#job)'),
  repositoryId: count(''),
  repository: text(''),
  runId: count(''),
  jobId: count(''),
  attempt: count(''),
  taskId: z.number().int().nullable(),
  name: text(''),
  runnerId: z.number().int().nullable(),
  runnerName: z.string().nullable(),
  labels: texts(''),
  status: text(''),
  conclusion: z.string().nullable(),
  createdAt: optionalTime(''),
  startedAt: optionalTime(''),
  completedAt: optionalTime(''),
  event: z.string().nullable(),
  workflow: z.string().nullable().exactOptional(),
  branch: z.string().nullable(),
  fork: z.union([z.boolean(), z.literal('unknown')]),
  forkUnknownBecause: z.string().exactOptional(),
  endedBetween: z.strictObject({ after: z.string(), before: z.string() }).exactOptional(),
  known: z.enum(['api', 'hook']),
  url: z.string().nullable(),
});

const secret = {
  vault: text('name of the vault'),
  secret: text('name of the secret'),
  version: text('the newest version'),
  enabled: flag('whether it is enabled'),
  created: time('when it was created'),
  expires: optionalTime('its expiry'),
  environment: optionalText('from the policy, or the tag'),
  issuer: optionalText('from the policy; `null` if it binds none'),
  validityDays: z.number().nullable().describe('how long the policy lets a version live'),
  tracked: z.literal(true).exactOptional().describe('only for a secret that people replace'),
  managed: z.literal(true).exactOptional().describe('only for the value of a certificate, which the vault renews'),
  owner: z.string().exactOptional().describe('who is responsible, by the policy'),
  own: z.literal(true).exactOptional().describe("only for a secret of Keyturn's own"),
};

const brokeredJob = z.strictObject({
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
  triggeredBy: z.strictObject({ id: z.int(), login: z.string() }).nullable(),
  taskId: z.int(),
  instance: z.string(),
});

/** By the name of the file, without parts and extension. */
export const packRowShapes = {
  retrievals: z.strictObject({
    ...operation,
    grade: text('see [auditing.md](auditing.md#grades)'),
    reason: text('the code that decided the grade'),
    job: job.nullable().describe('the job it is tied to'),
    candidates: texts('every possible job, if the grade is `ambiguous`'),
    evidence: texts('what the grade rests on, by reference'),
  }),
  refusals: event,
  writes: event,
  'staging-reads': event,
  'sensitive-operations': event,
  exclusions: z.strictObject({
    step: text('the step of the waterfall'),
    place: optionalText('slice and line, for a row that is no event of its own'),
    id: optionalText('of the event; `null` for a row that could not be parsed, as is all that follows'),
    at: optionalTime('when'),
    vault: optionalText('name of the vault'),
    secret: optionalText('name of the secret'),
    requestedVersion: optionalText('the version asked for'),
    operation: optionalText("the log's own name"),
    status: z.number().int().nullable().describe('the HTTP status'),
    caller: optionalText('object id'),
    correlationId: optionalText("the vault's id of the request"),
  }),
  'unreadable-rows': z.strictObject({ place: text('slice and line'), reason: text('why it cannot be parsed') }),
  slices: z.strictObject({
    path: text("among the operator's records"),
    sha256: digest('of the whole slice, header included'),
    rows: count('rows that no earlier slice has'),
    count: count('rows of the answer'),
    controlTotal: z.number().int().nullable().describe('rows that the workspace counted by itself; `null` for files'),
    isIntact: flag('whether its rows still have the digest of their collection'),
  }),
  jobs: job.extend({ logReadWhole: flag('whether two readings of its log agreed') }),
  receipts: z.strictObject({
    reference: text('where it is among the records'),
    also: texts('where else the same receipt is on record'),
    channel: oneOf(['posted', 'logged'], 'how it came'),
    job: text('`owner/name run/job.attempt`, or the numbers alone'),
    vault: text('name of the vault'),
    secret: text('name of the secret; a digest if the receipt is opaque'),
    version: optionalText('the version served'),
    answeredAt: time('when the vault answered, by the clock of the runner'),
    requests: texts("the vault's ids of all attempts"),
    clockOffsetMs: z.number().nullable().describe("the vault's clock minus the runner's"),
    matched: z.boolean().nullable().describe('whether a row has one of its ids; `null` while rows may still arrive'),
    contested: flag('whether another receipt claims the same read'),
  }),
  inventory: z.strictObject({
    ...secret,
    ageDays: z.number().describe('age at the end of the period'),
    reads: count('reads in the period'),
    lastReadAt: optionalTime('the last of them'),
  }),
  'secret-days': z.strictObject({
    ...secret,
    day: day('the day'),
    at: time('when the inventory was taken'),
    breaks,
  }),
  'rotations-due': z.strictObject({
    subject: text('`vault/secret`'),
    version: text('the version that came due'),
    due: time('when'),
    replacedAt: optionalTime('when it was replaced'),
    replacedBy: optionalText('by which version'),
    isLate: flag('whether it was replaced late, or not yet'),
  }),
  rotations: z.strictObject({
    rotationId: text('`<rotationId>.<attempt>`'),
    vault: text('name of the vault'),
    secret: text('name of the secret'),
    issuer: text('who issues the credential'),
    environment: optionalText('from the policy'),
    trigger: oneOf(['event', 'reconciler', 'person'], 'what asked for it'),
    askedBy: person('').nullable().describe('who asked first'),
    reason: optionalText('in the words of that person'),
    asks: z
      .array(
        z.strictObject({
          what: z.enum(['request', 'request-again', 'roll-back']),
          by: person(''),
          at: z.string(),
          reason: z.string().nullable(),
        }),
      )
      .describe('everybody who asked, asked again or rolled back: none of them may approve'),
    emergency: flag('without grace, because the value had leaked'),
    graceMs: count('the grace that it claimed'),
    state: text('its state, as in [rotation.md](rotation.md)'),
    stateSince: time('when it came to that state'),
    stops: z
      .array(
        z.strictObject({
          rotationId: z.string(),
          state: z.string(),
          at: z.string(),
          failure: z.string().nullable(),
          ended: z.strictObject({ at: z.string(), state: z.string() }).nullable(),
        }),
      )
      .exactOptional()
      .describe('every time that it stopped, repaired or not'),
    fromVersion: text('the version replaced'),
    publishedVersion: optionalText('the version published'),
    claimedAt: time('when it began'),
    verifiedAt: optionalTime('when the new value was tried'),
    publishedAt: optionalTime('when it was published'),
    revokedAt: optionalTime('when the old credential ended'),
    doneAt: optionalTime('when nothing was left to do'),
    publication: oneOf(['published', 'not-yet', 'never'], 'whether it published'),
    oldValue: text('what the end of the old value rests on: `dead`, `disabled-only`, `cannot-be-shown`, `in-grace`, …'),
    newValue: text('what became of the new one: `not-published`, `in-force`, `in-grace`, `withdrawn`'),
    rolledBack: z
      .strictObject({ at: z.string(), says: z.string(), newEndsFrom: z.string() })
      .nullable()
      .describe('when the old value was published again, and why'),
    note: optionalText('what a reader must know of it'),
    failure: optionalText('code of the newest failure'),
    approvals: z
      .array(
        z.strictObject({
          step: z.enum(['publish', 'revoke']),
          by: person(''),
          at: z.string(),
          breakGlass: z.boolean(),
          reason: z.string().nullable(),
        }),
      )
      .describe('who approved which step'),
    declines: z
      .array(
        z.strictObject({
          step: z.enum(['publish', 'revoke', 'go']),
          by: person(''),
          at: z.string(),
          reason: z.string(),
        }),
      )
      .describe('who declined which step'),
    needsApproval: z
      .array(z.enum(['publish', 'revoke']))
      .describe('the steps that the policy of its time put under approval'),
    places: z
      .array(z.strictObject({ place: z.string(), givenAt: z.string().nullable() }))
      .describe('further places to which the policy publishes the value, and when each was given it'),
    head: z.string().describe('digest of the newest entry of its journal'),
    operations: z
      .array(
        z.strictObject({
          vault: z.string(),
          operation: z.string(),
          secret: z.string(),
          version: z.string().nullable(),
          at: z.string(),
        }),
      )
      .describe('the operations in the log that the journal explains'),
  }),
  journals: z.strictObject({
    format,
    journal: text("its folder among the operator's records"),
    entries: count('how many entries it has'),
    head: digest('of the newest entry'),
  }),
  deletions: z.strictObject({
    format,
    number: count('of its entry in the record of deletions, `journal-entries.ndjson`'),
    kind: oneOf(retentionKindNames, 'what was deleted, see [operations.md](operations.md#what-is-kept-and-how-long)'),
    name: text("the folder among the operator's records, or the journal"),
    from: time('the beginning of what its records were of'),
    to: time('the end of that, not included'),
    rule: text('how long the rule keeps this kind, such as `1095d`'),
    at: time('when it was announced, before the first record went'),
    endedAt: optionalTime('when the last record had gone; `null` while it is under way'),
    records: count('how many records were listed'),
    kept: z
      .number()
      .int()
      .nonnegative()
      .nullable()
      .describe('how many of them stayed, because they had changed or a hold had come; `null` while it is under way'),
    list: digest('of the list that names each record with its sha256'),
  }),
  holds: z.strictObject({
    format,
    number: count('of its entry in the same record'),
    at: time('since when it counts'),
    by: person('who asked for it'),
    reason: text('in their words'),
    from: optionalTime('the beginning of what it holds; `null` without one'),
    to: optionalTime('the end of that, not included; `null` without one'),
    lifted: z
      .strictObject({ at: z.iso.datetime(), by: person(''), reason: z.string() })
      .nullable()
      .describe('when, by whom and why it ended; `null` while it counts'),
  }),
  policies: z.strictObject({
    loadedAt: time('from when it counted'),
    sha256: digest('of the text'),
    text: text('the policy itself'),
    changes: texts('what it changed against the one before'),
    widens: texts('those changes that allow more or demand less'),
  }),
  findings: z.strictObject({
    format,
    id: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .describe('see [finding](#finding)'),
    rule: text('the rule that found it'),
    severity: text('`high`, `medium`, `low` or `information`'),
    subject: text('what it is about'),
    description: text('one sentence'),
    firstAt: text('the first event'),
    lastAt: text('the last event'),
    count: count('how many events'),
    evidence: texts('their ids, at most 100'),
    ended: z.strictObject({ at: z.string(), by: z.string() }).nullable().describe('when it ended, and by which event'),
    life: z
      .strictObject({
        state: z.enum(['open', 'accepted', 'fixed', 'recurred']),
        since: z.string(),
        description: z.string(),
        owner: z.string().nullable(),
        due: z.string().nullable(),
        ticket: z.string().nullable(),
        response: z.string().nullable(),
        steps: z.array(z.number().int()),
      })
      .exactOptional()
      .describe('where it stands, and the numbers of its steps'),
  }),
  'finding-steps': z.strictObject({
    format,
    number: count('from 1, over all findings'),
    finding: text('id of the finding'),
    at: time('when'),
    by: person('who decided'),
    kind: oneOf(['accepted', 'responded', 'withdrawn'], 'what was decided'),
    text: text('why, or the response'),
    until: optionalTime('when an acceptance ends by itself'),
    owner: optionalText('who is to correct it'),
    due: optionalText('by which day'),
    ticket: optionalText('the ticket about it'),
    previous: digest('').nullable().describe("sha256 of the previous step's canonical JSON"),
  }),
  'control-tests': z.strictObject({
    format,
    id: text('name of the test'),
    title: text('its question'),
    method: oneOf(['TEST', 'EXAMINE'], 'the method, in the words of OSCAL'),
    criterion: optionalText('what an event is held against'),
    population: z
      .strictObject({
        name: z.string(),
        count: z.number().int(),
        file: z.string(),
        counted: z.string().nullable(),
      })
      .describe('what was tested, how many, the file that holds it, and what of it is counted if not each line'),
    tested: count('how many were tested'),
    unit: text('of what'),
    exceptions: count('deviations among them'),
    rate: optionalText('their share'),
    notTested: optionalText('why nothing, or not everything, was tested'),
    findings: texts('ids of the findings that it counts'),
    controls: texts('the controls that rest on it'),
  }),
  deviations: z.strictObject({
    test: text('name of the test'),
    event: text('id of the event in the population'),
    at: time('when'),
    subject: text('what it is about'),
    why: text('why it deviates'),
  }),
  'grant-days': z.strictObject({
    id: text('identity, assignment and day'),
    day: day('the day'),
    at: time('the last look of that day'),
    vault: text('name of the vault'),
    principalId: text('object id of the identity'),
    role: text('name of the role'),
    scope: text('where it was assigned'),
    reach: oneOf(['secret', 'vault', 'above-vault'], 'how far it reaches'),
    group: optionalText('the group through which it reaches the identity'),
    verdict: oneOf(
      ['may-read', 'on-condition', 'may-activate', 'cannot-tell', 'may-grant-itself'],
      'whether it can read, or why nobody can tell',
    ),
    why: optionalText('why it is more than the policy opens'),
  }),
  'table-looks': z.strictObject({
    at: time('when Azure was asked'),
    table: text('the table of the workspace'),
    plan: text('its plan: `Analytics`, `Basic` or `Auxiliary`'),
    retentionDays: count('how many days its rows can be searched'),
    totalRetentionDays: count('the same with its archive'),
  }),
  'setting-looks': z.strictObject({
    at: time('the look'),
    vault: text('name of the vault'),
    sent: flag('whether the audit log went anywhere'),
  }),
  'own-reads': z.strictObject({
    at: time('right before the read; the evidence `own-read` of a read names it'),
    purpose: oneOf(
      ['setting', 'issuer', 'check'],
      'a secret among the settings, what an issuer acts with, or (`check`) a value that a rotation needed or that was tried at its provider; the journal of the rotation may tell of it too',
    ),
    vault: text('name of the vault'),
    secret: text('name of the secret'),
    version: text('the version that was read'),
  }),
  'setup-looks': z.strictObject({
    at: time('the look'),
    vault: text('name of the vault'),
    usesRoles: flag('whether role assignments count, or access policies'),
    softDelete: flag('whether deleted secrets are kept'),
    softDeleteDays: z.number().nullable().describe('for how many days'),
    purgeProtection: flag('whether nobody can purge them'),
    publicAccess: flag('whether the public address answers'),
    firewall: z
      .strictObject({
        defaultAction: z.enum(['allow', 'deny']),
        azureServices: z.boolean(),
        addresses: z.array(z.string()),
        networks: z.number(),
      })
      .describe('what the firewall lets in'),
    changes: texts('each difference from the look before'),
  }),
  'broker-requests': z.strictObject({
    reference: text("the entry of the broker's journal"),
    at: time("when, by the broker's clock"),
    job: brokeredJob.describe('the job as Gitea described it'),
    vault: text('name of the vault'),
    secret: text('name of the secret'),
    version: optionalText('the version; `null` if the newest was asked for and none was served'),
    outcome: oneOf(['served', 'failed', 'unanswered', 'refused'], 'how it ended'),
    because: texts('the codes of a refusal'),
    nonce: z.string().exactOptional().describe('in the stamp of the read; not in a refusal, as what follows'),
    namespace: z.string().exactOptional().describe('the namespace that allowed it'),
    grant: z.string().nullable().exactOptional().describe('the request for access that a person approved'),
    purpose: z
      .enum(['value', 'use', 'search'])
      .exactOptional()
      .describe('whether the job was given it, the broker put it into a request, or looked for it in an answer'),
    requestId: z.string().nullable().exactOptional().describe("the vault's id of the request"),
  }),
  'broker-uses': z.strictObject({
    reference: text("the entry of the broker's journal"),
    at: time("when, by the broker's clock"),
    job: brokeredJob.describe('the job as Gitea described it'),
    method: text('the method of the request'),
    host: text('the host, with its port unless that is 443'),
    path: optionalText('the pattern of the policy that the path matched; `null` if it was refused'),
    secrets: texts('what was put into it, or would have been, `vault/name`'),
    outcome: oneOf(['made', 'broken', 'refused', 'unanswered'], 'how it ended; `broken`: the job had no whole answer'),
    because: texts('the codes of a refusal'),
    status: z.int().nullable().describe("of the upstream's answer; `null` if there was none"),
    code: optionalText('what failed'),
    bytesOut: z.int().nullable().describe('of the body of the request'),
    bytesIn: z.int().nullable().describe('of the body of the answer'),
  }),
  'access-requests': z.strictObject({
    grant: text('name of the request: a session of the broker and a secret'),
    number: count('number of its first entry'),
    requestedAt: time('when the job asked'),
    request: z
      .strictObject({
        act: z.literal('requested'),
        vault: z.string(),
        secret: z.string(),
        job: z.strictObject({
          repository: z.string(),
          runId: z.int(),
          jobId: z.int(),
          attempt: z.int(),
          commit: z.string().nullable(),
          workflow: z.string().nullable(),
          branch: z.string().nullable(),
          event: z.string(),
        }),
        triggeredBy: z.strictObject({ id: z.int(), login: z.string() }).nullable(),
        author: z.strictObject({ id: z.int(), login: z.string() }).nullable(),
        approvers: z.array(z.string()),
        lastsMs: z.int(),
        uses: z.int(),
      })
      .describe('what was asked for, by which job, who may not approve, and who may'),
    standing: text('where it stands: `waiting`, `approved`, `declined`, …'),
    answer: z
      .strictObject({
        says: z.enum(['approved', 'declined']),
        by: person(''),
        at: z.string(),
        breakGlass: z.boolean(),
        account: z.int().nullable(),
        reason: z.string(),
      })
      .nullable()
      .describe('who answered, when and why'),
    uses: texts("the entries of the broker's journal that it was spent on"),
  }),
  'read-changes': z.strictObject({
    id: text('of the read'),
    at: time('when it was'),
    change: oneOf(['arrived', 'left', 'regraded'], 'how it differs from the pack that is amended'),
    before: z.strictObject({ grade: z.string(), reason: z.string() }).nullable().describe('there'),
    after: z.strictObject({ grade: z.string(), reason: z.string() }).nullable().describe('here'),
  }),
} as const;

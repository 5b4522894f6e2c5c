import { z } from 'zod';
import { type Person, parsePerson } from '../../provenance/person.ts';
import { parseRecord } from '../../records/parse-record.ts';
import type { SecretBinding } from '../../secrets/policy.ts';

/** What an entry is about. Acts outside the journal have an intent before them and an outcome after them. */
const act = z.enum([
  'begin',
  'stage',
  'issue',
  'verify',
  'publish',
  'replicate',
  'repair',
  'end',
  'disable',
  'identify',
  'desire',
  'lose',
  'close',
  'ask',
  'approve',
  'decline',
  'go',
  'request',
  'wait',
  'call',
  'retire',
  'rebuild',
]);
const text = z.string();
const count = z.int().nonnegative();
const moment = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const person = z.custom<Person>((value) => parsePerson(value) !== null);
/** The policy's own shape, checked where the policy is read: here it must only be an object with its name. */
const binding = z.custom<SecretBinding>(
  (value) => z.looseObject({ vault: z.unknown(), name: z.unknown(), issuer: z.unknown() }).safeParse(value).success,
);
const listOf = <Item extends z.ZodType>(item: Item) => z.array(item).readonly();

const question = z.enum(['publish', 'revoke', 'go']);

const claim = z.strictObject({
  rotationId: text,
  trigger: z.enum(['event', 'reconciler', 'person']),
  askedBy: person.nullable(),
  emergency: z.boolean(),
  issuer: text,
  credentialClass: z.enum(['chosen', 'minted', 'read-back', 'self']),
  validityMs: count,
  graceMs: count,
  consumersLifetimeMs: count,
  /** The newest version of each secret when it began, by `vault/name`; `null` for a secret that is created. */
  from: z
    .array(z.strictObject({ member: text, version: text.nullable() }))
    .min(1)
    .readonly(),
});

const foundVersion = z.strictObject({
  member: text,
  version: text,
  credential: text,
  by: z.enum(['ours', 'theirs']),
  /** Whether it was the newest of its secret. */
  newest: z.boolean(),
});

const metCredential = z.strictObject({
  key: text,
  credentialId: text.nullable(),
  /** Who says so. A tag alone is not enough to end a credential: whoever may set a secret may write it. */
  knownFrom: z.enum(['provider', 'tag', 'nowhere']),
  /** Keys of credentials that it may be: no enabled version held their value any more when it was met. */
  perhaps: listOf(text).exactOptional(),
});

const waitReason = z.strictObject({
  code: z.enum(['grace', 'consumers', 'log', 'gap', 'job', 'read', 'provider-use', 'unknown-version', 'in-use']),
  until: text.optional(),
  subject: text.optional(),
  who: text.optional(),
  count: count.optional(),
});

const vaultOperation = z.strictObject({
  operation: z.enum(['SecretGet', 'SecretSet', 'SecretUpdate']),
  vault: text,
  secret: text,
  version: text.nullable(),
  at: moment,
});

const lossReason = z.enum(['value-lost', 'answer-lost', 'refused', 'refused-by-policy', 'staged-value-lost']);

const facts = z
  .strictObject({
    claim,
    /** The policy's word on each secret of the target, as it was when the rotation began: what left the policy goes by it. */
    bindings: z.tuple([binding], binding).readonly(),
    /** Key of a credential: `<rotationId>.<attempt>`, or `seen.<version>` for one that was there. */
    credential: text,
    /** The credential of the next attempt. */
    next: text,
    credentialId: text,
    /** `vault/name`. */
    member: text,
    version: text,
    /** Position in `alsoPublish` of the member. */
    place: count,
    /** Number of the intent that an outcome answers. */
    of: z.int().positive(),
    /** On an intent: the request is not sent after this time, and cannot arrive after the other one. The vault's clock. */
    sendBefore: moment,
    notAfter: moment,
    /** The writer goes on at once, and others stay out until then: a value that only its memory holds would be lost. */
    heldUntil: moment,
    failure: text,
    /** Tries in this cycle, and cycles, after the failure; `spent` when a person must look. */
    tries: count,
    cycle: count,
    retryAt: moment,
    spent: z.boolean(),
    about: act,
    found: listOf(foundVersion),
    met: listOf(metCredential),
    /** Credentials of ours that the provider lists and no entry knows. */
    listed: listOf(z.strictObject({ key: text, credentialId: text })),
    question,
    waitsFor: listOf(waitReason),
    approval: z.strictObject({ question: question.exclude(['go']), by: person, breakGlass: z.boolean() }),
    by: person,
    emergency: z.boolean(),
    rotationId: text,
    result: z.enum(['done', 'superseded', 'failed', 'unbound']),
    why: z.enum([...lossReason.options, 'roll-back', 'not-taken']),
    shown: z.enum(['dead', 'disabled-only', 'cannot-be-shown']),
    code: text,
    /** Words of a person or a provider. Shown, never parsed. */
    text,
  })
  .partial();

const entry = z.strictObject({
  format: z.literal(1),
  /** Key of the credential target: names the journal. */
  target: text,
  /** Position in the chain, from 1, without gaps. */
  number: z.int().positive(),
  /** sha256 of the entry before in canonical JSON, hexadecimal; `null` for the first. */
  previous: text.nullable(),
  /** The worker that wrote it: a random name that no other worker has. */
  writer: text,
  /** The vault's time. ISO 8601, UTC, milliseconds. */
  at: moment,
  kind: z.enum(['intent', 'outcome', 'note']),
  act,
  facts,
  /** On an outcome or a note: done since the entry before. On an intent: about to be done, so that a crash leaves a trace. */
  operations: listOf(vaultOperation),
});

export type JournalAct = z.infer<typeof act>;
/** What may need another person's word before it is done. `go`: a secret's first rotation. */
export type Question = z.infer<typeof question>;
/** Why a rotation was begun, and on which terms: fixed by its `begin`. Durations in milliseconds. */
export type RotationClaim = Readonly<z.infer<typeof claim>>;
/** What was found out about one version: which credential it holds, and whether a request of ours explains it. */
export type FoundVersion = Readonly<z.infer<typeof foundVersion>>;
/** A credential that the journal meets: the one from before Keyturn's first pass, or one that another publisher set. */
export type MetCredential = Readonly<z.infer<typeof metCredential>>;
/** Why a credential may not end yet. Times in ISO 8601; `who` is a name from the log, never parsed. */
export type WaitReason = Readonly<z.infer<typeof waitReason>>;
/** One operation on a vault that the journal accounts for. */
export type VaultOperation = Readonly<z.infer<typeof vaultOperation>>;
/** What an entry adds to what is known: names, ids, codes and times. Never a value, its hash or its length. */
export type JournalFacts = Readonly<z.infer<typeof facts>>;
export type LossReason = z.infer<typeof lossReason>;
/** One line of a target's history. */
export type JournalEntry = Readonly<z.infer<typeof entry>>;

/**
 * Reads one entry of a journal; refuses whatever is not exactly one of format 1.
 * @throws ServiceError `RECORD_UNREADABLE` with the place of the first fault.
 */
export function parseJournalEntry(bytes: Uint8Array, path: string): JournalEntry {
  return parseRecord(entry, bytes, path);
}

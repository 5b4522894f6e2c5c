import { parsePerson } from '../../provenance/person.ts';
import { ServiceError } from '../../service-error.ts';
import { type JournalEntry, journalActs } from './journal-entry.ts';

/** Returns the place of the first fault below `place`, or `null`. */
type Check = (value: unknown, place: string) => string | null;

const text: Check = (value, place) => (typeof value === 'string' ? null : place);
const flag: Check = (value, place) => (typeof value === 'boolean' ? null : place);
const count: Check = (value, place) => (Number.isSafeInteger(value) && Number(value) >= 0 ? null : place);
const positive: Check = (value, place) => (Number.isSafeInteger(value) && Number(value) >= 1 ? null : place);
const person: Check = (value, place) => (parsePerson(value) === null ? place : null);
const moment: Check = (value, place) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? null : place;
const oneOf =
  (...allowed: readonly (string | number)[]): Check =>
  (value, place) =>
    allowed.some((one) => one === value) ? null : place;
const orNull =
  (check: Check): Check =>
  (value, place) =>
    value === null ? null : check(value, place);
const listOf =
  (check: Check, least = 0): Check =>
  (value, place) => {
    if (!Array.isArray(value) || value.length < least) return place;
    return (
      value.map((item, index) => check(item, `${place}[${String(index)}]`)).find((fault) => fault !== null) ?? null
    );
  };

/** Members that must be there, members that may be, and no others. */
function record(required: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check {
  const checks = new Map([...Object.entries(required), ...Object.entries(optional)]);
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return place;
    const missing = Object.keys(required).find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) return `${place}.${missing}`;
    for (const [name, member] of Object.entries(value)) {
      const check = checks.get(name);
      const fault = check === undefined ? `${place}.${name}` : check(member, `${place}.${name}`);
      if (fault !== null) return fault;
    }
    return null;
  };
}

const act = oneOf(...journalActs);
const operation = record({
  operation: oneOf('SecretGet', 'SecretSet', 'SecretUpdate'),
  vault: text,
  secret: text,
  version: orNull(text),
  at: moment,
});
const claim = record({
  rotationId: text,
  trigger: oneOf('event', 'reconciler', 'person'),
  askedBy: orNull(person),
  emergency: flag,
  issuer: text,
  credentialClass: oneOf('chosen', 'minted', 'read-back', 'self'),
  validityMs: count,
  graceMs: count,
  consumersLifetimeMs: count,
  from: listOf(record({ member: text, version: orNull(text) }), 1),
});
/** A binding is the policy's own shape, checked where the policy is read: here it must only be an object with its name. */
const binding: Check = (value, place) =>
  typeof value === 'object' && value !== null && 'vault' in value && 'name' in value && 'issuer' in value
    ? null
    : place;
const waitReason = record(
  {
    code: oneOf('grace', 'consumers', 'log', 'gap', 'job', 'read', 'provider-use', 'unknown-version', 'in-use'),
  },
  { until: text, subject: text, who: text, count },
);
const facts = record(
  {},
  {
    claim,
    bindings: listOf(binding, 1),
    credential: text,
    next: text,
    credentialId: text,
    member: text,
    version: text,
    place: count,
    of: positive,
    sendBefore: moment,
    notAfter: moment,
    heldUntil: moment,
    failure: text,
    tries: count,
    cycle: count,
    retryAt: moment,
    spent: flag,
    about: act,
    found: listOf(record({ member: text, version: text, credential: text, by: oneOf('ours', 'theirs'), newest: flag })),
    met: listOf(
      record(
        { key: text, credentialId: orNull(text), knownFrom: oneOf('provider', 'tag', 'nowhere') },
        { perhaps: listOf(text) },
      ),
    ),
    listed: listOf(record({ key: text, credentialId: text })),
    question: oneOf('publish', 'revoke', 'go'),
    waitsFor: listOf(waitReason),
    approval: record({ question: oneOf('publish', 'revoke'), by: person, breakGlass: flag }),
    by: person,
    emergency: flag,
    rotationId: text,
    result: oneOf('done', 'superseded', 'failed', 'unbound'),
    why: oneOf(
      'value-lost',
      'answer-lost',
      'refused',
      'refused-by-policy',
      'staged-value-lost',
      'roll-back',
      'not-taken',
    ),
    shown: oneOf('dead', 'disabled-only', 'cannot-be-shown'),
    code: text,
    text,
  },
);
const entry = record({
  format: oneOf(1),
  target: text,
  number: positive,
  previous: orNull(text),
  writer: text,
  at: moment,
  kind: oneOf('intent', 'outcome', 'note'),
  act,
  facts,
  operations: listOf(operation),
});

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads one entry of a journal; refuses whatever is not exactly one of format 1.
 * @throws ServiceError `RECORD_UNREADABLE` with the place of the first fault.
 */
export function parseJournalEntry(bytes: Uint8Array, path: string): JournalEntry {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'It is not JSON in UTF-8.' });
  }
  const fault = entry(value, 'entry');
  if (fault !== null) throw new ServiceError('RECORD_UNREADABLE', { path, reason: `${fault} is not of format 1.` });
  return value as JournalEntry;
}

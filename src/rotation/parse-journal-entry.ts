import { parsePerson } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { type JournalEntry, rotationActs } from './journal-entry.ts';
import { asides, stepsOf } from './history/rotation-steps.ts';

/** Gives the place of the first fault below `place`, or `null`. */
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
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return place;
    const missing = Object.keys(required).find((name) => !Object.hasOwn(value, name));
    if (missing !== undefined) return `${place}.${missing}`;
    for (const [name, member] of Object.entries(value)) {
      const check = Object.hasOwn(required, name)
        ? required[name]
        : Object.hasOwn(optional, name)
          ? optional[name]
          : undefined;
      const fault = check === undefined ? `${place}.${name}` : check(member, `${place}.${name}`);
      if (fault !== null) return fault;
    }
    return null;
  };
}

const steps = oneOf(...stepsOf.chosen);
const states = oneOf(...stepsOf.chosen, ...Object.keys(asides));
const operation = record({
  operation: oneOf('SecretGet', 'SecretSet', 'SecretUpdate'),
  vault: text,
  secret: text,
  version: orNull(text),
  at: moment,
});
const approval = record({ step: oneOf('publish', 'revoke'), by: person, at: moment, breakGlass: flag });
const member = record({
  vault: text,
  secret: text,
  fromVersion: text,
  fromCredentialId: orNull(text),
  knownFrom: oneOf('journal', 'tag', 'nowhere'),
});
const claim = record({
  unit: text,
  members: listOf(member, 1),
  issuer: text,
  credentialClass: oneOf(...Object.keys(stepsOf)),
  targetKey: text,
  environment: orNull(text),
  trigger: oneOf('event', 'reconciler', 'person'),
  reason: orNull(text),
  askedBy: orNull(person),
  emergency: flag,
  validityMs: count,
  graceMs: count,
  consumersLifetimeMs: count,
});
const facts = record(
  {},
  {
    claim,
    member: text,
    credentialId: text,
    stagingVersion: text,
    publishedVersion: text,
    failure: text,
    tries: count,
    cycle: count,
    retryAt: moment,
    graceUntil: moment,
    approval,
    reasons: listOf(text),
    oldValue: oneOf('dead', 'disabled-only', 'cannot-be-shown'),
    withdrawn: flag,
  },
);
const entry = record({
  format: oneOf(1),
  rotationId: text,
  attempt: positive,
  number: positive,
  previous: orNull(text),
  fence: count,
  at: moment,
  kind: oneOf('intent', 'outcome'),
  act: oneOf(...rotationActs),
  step: steps,
  state: states,
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

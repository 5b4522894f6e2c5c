/** An identity provider's identifier of an account. It never changes and is never given to another account. */
export interface Subject {
  /** The issuer of the token (`iss`), without a trailing slash. For Entra, the tenant's v2.0 issuer. */
  readonly issuer: string;
  /** `sub`, or for Entra `oid`, which is the same in every application of the tenant. */
  readonly id: string;
}

/** Ways in that prove no identity: a link, this machine, or its command line. */
type UnnamedDoor = 'sign-in-link' | 'loopback' | 'command-line';

/**
 * The author of a recorded act. `name` is for display and proves nothing, because many providers let an account change it.
 * Source: OpenID Connect Core 5.7, "Claim Stability and Uniqueness"; Microsoft, "Access token claims reference".
 */
export type Person =
  /** An account of a human being, signed in at an identity provider. */
  | { readonly kind: 'signed-in'; readonly subject: Subject; readonly name: string }
  /** A program's account, such as a service principal. */
  | { readonly kind: 'machine'; readonly subject: Subject; readonly name: string }
  /** An operator whose identity nothing proves. */
  | { readonly kind: 'unnamed'; readonly door: UnnamedDoor; readonly name: string };

const doors = {
  'sign-in-link': 'sign-in link',
  loopback: 'this machine',
  'command-line': 'command line',
} as const satisfies Record<UnnamedDoor, string>;

/** Returns whether two subjects are the same account. Ignores display names. */
function isSameSubject(one: Subject, other: Subject): boolean {
  return one.issuer === other.issuer && one.id === other.id;
}

/**
 * Returns whether two persons are provably different: both are human accounts, with different subjects.
 * An unnamed operator can be any person, so the result is then `false`.
 */
export function areTwoPersons(one: Person, other: Person): boolean {
  return one.kind === 'signed-in' && other.kind === 'signed-in' && !isSameSubject(one.subject, other.subject);
}

/** Why an approval is not that of a second person; `null` if it is. `askedBy`: `null` if no person asked. */
export function explainNoSecondPerson(by: Person, askedBy: Person | null): string | null {
  if (by.kind === 'machine') return 'a machine account is not a person';
  if (by.kind === 'unnamed') return 'nothing proves who this is';
  return askedBy === null || areTwoPersons(by, askedBy) ? null : 'nothing shows that another person asked';
}

/** Describes a person in a sentence: `ann`, `root (command line, unnamed)`. The subject is in the data beside it. */
export function describePerson(person: Person): string {
  if (person.kind === 'unnamed') return `${person.name} (${doors[person.door]}, unnamed)`;
  return person.kind === 'machine' ? `${person.name} (machine account)` : person.name;
}

/** Describes a person with the subject, for a record in one line of text: `ann (7 at https://gitea.example.org)`. */
export function personOnRecord(person: Person): string {
  if (person.kind === 'unnamed') return describePerson(person);
  const { id, issuer } = person.subject;
  return `${describePerson(person)} (${id} at ${issuer})`;
}

/** Parses a person from stored JSON. Returns `null` for any other value. */
export function parsePerson(value: unknown): Person | null {
  if (!isObject(value) || typeof value['name'] !== 'string' || value['name'].trim() === '') return null;
  const { kind, name } = value;
  if (kind === 'unnamed') {
    const door = value['door'];
    return hasOnly(value, ['kind', 'door', 'name']) && isDoor(door) ? { kind, door, name } : null;
  }
  if (kind !== 'signed-in' && kind !== 'machine') return null;
  const subject = parseSubject(value['subject']);
  return subject !== null && hasOnly(value, ['kind', 'subject', 'name']) ? { kind, subject, name } : null;
}

function parseSubject(value: unknown): Subject | null {
  if (!isObject(value) || !hasOnly(value, ['issuer', 'id'])) return null;
  const { issuer, id } = value;
  const isWhole = typeof issuer === 'string' && issuer !== '' && typeof id === 'string' && id !== '';
  return isWhole ? { issuer, id } : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasOnly(value: object, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}

function isDoor(value: unknown): value is UnnamedDoor {
  return typeof value === 'string' && Object.hasOwn(doors, value);
}

import { dayMs, hourMs } from '../../secrets/duration.ts';
import type { SecretBinding, TargetValue } from '../../secrets/policy.ts';
import type { FoundSecret, ProposedSecret, Surroundings } from './found-secret.ts';
import type { Recognition } from './recognition.ts';
import { sampleTags } from './recognise-tags.ts';
import { environmentIn, plainWords, withoutEnvironment } from './words-in-names.ts';

/** What is said about one secret: the lines of its entry, none if it has no entry, and the same for programs. */
export interface Described {
  readonly lines: readonly string[];
  readonly proposed: ProposedSecret;
}

/** A value of the entry, and what it was taken from. */
interface Known {
  readonly value: string;
  readonly from: string;
}

type Around = Surroundings & { readonly namespaces: ReadonlyMap<string, string> };

const environmentName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const usualDays = 90;
/** A validity that is only how long a version happens to last is no wish of anybody's; a year is long enough. */
const mostLastingDays = 365;
/** The policy accepts at most this validity; the usual grace of a day does not fit into a shorter one. */
const mostDays = 3_650;
const leastDays = 2;

/** Describes one secret. A target that is not complete is written as comments over a tracked secret: a valid policy either way. */
export function describeBinding(one: FoundSecret, recognition: Recognition, around: Around): Described {
  const key = `${one.vault}/${one.secret.name}`;
  const { kind, confidence, because } = recognition;
  const issuer = kind === 'issuer' ? recognition.issuer : null;
  const missing = kind === 'issuer' ? missingOf(one, recognition, around) : [];
  const proposed = { secret: key, kind, issuer, missing, confidence, because };
  if (kind === 'managed' || kind === 'unknown') return { lines: [], proposed };
  const binding = kind === 'issuer' ? bindingLines(recognition, missing) : [];
  const lines = [
    `  # ${confidence}: ${because}`,
    `  ${key}:`,
    ...binding,
    ...knownLines(one, around),
    ...(kind === 'issuer' ? publishLines(one, around) : []),
  ];
  return { lines, proposed };
}

/** The line of a secret without an entry. */
export function listedLine({ vault, secret }: FoundSecret, { kind, because }: ProposedSecret): string {
  const key = `#  ${vault}/${secret.name}`;
  if (kind !== 'unknown') return `${key}  (${because})`;
  return `${key}: { issuer: ISSUER, target: {}, validity: ${validityOf(secret).value} }  (${because})`;
}

/** What the issuer's own rules refuse in the target as far as it is known. */
function missingOf(
  { vault, secret }: FoundSecret,
  { issuer, target }: Extract<Recognition, { kind: 'issuer' }>,
  { rules }: Around,
): readonly string[] {
  const rule = rules.issuers.get(issuer);
  if (rule === undefined) return [`issuer ${issuer} is not known`];
  const binding: SecretBinding = {
    vault,
    name: secret.name,
    issuer,
    target,
    validityMs: usualDays * dayMs,
    graceMs: dayMs,
    consumersLifetimeMs: dayMs,
    minimumAgeMs: hourMs,
    rotationsPerDay: 2,
    environment: null,
    namespaces: [],
    approval: [],
    group: null,
    mode: 'by-hand',
    first: 'go',
    windows: [],
    checkMs: dayMs,
    alsoPublish: [],
  };
  return rule.check(binding).map(({ place, reason }) => `${place} ${reason}`);
}

function bindingLines(
  { issuer, target }: Extract<Recognition, { kind: 'issuer' }>,
  missing: readonly string[],
): readonly string[] {
  const lines = [`issuer: ${issuer}`, `target: ${targetText(target)}`];
  if (missing.length === 0) return lines.map((line) => `    ${line}`);
  return [
    ...lines.map((line) => `    # ${line}`),
    `    # Tracked until the target is complete: ${missing.join('; ')}.`,
  ];
}

/** Writes values as JSON, which YAML reads only as what it is. */
function targetText(target: Readonly<Record<string, TargetValue>>): string {
  const fields = Object.entries(target).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function knownLines({ secret, vault, readers = [] }: FoundSecret, { namespaces }: Around): readonly string[] {
  const validity = validityOf(secret);
  const environment = environmentOf(secret, vault);
  const owner = ownerOf(secret, readers);
  const line = (name: string, { value, from }: Known) => `    ${name}: ${value} # ${from}`;
  const names = readers.flatMap(({ repository }) => namespaces.get(repository) ?? []);
  const reads = readers.map(({ repository, reads: count }) => `${String(count)} by ${repository}`).join(', ');
  return [
    line('validity', validity),
    ...(environment === null ? [] : [line('environment', environment)]),
    ...(owner === null ? [] : [line('owner', owner)]),
    ...(names.length === 0
      ? []
      : [line('namespaces', { value: JSON.stringify(names), from: `reads in the log: ${reads}` })]),
  ];
}

/** An Actions secret of a reading repository that has the same name is likely a copy of the value. */
function publishLines({ secret, readers = [] }: FoundSecret, { actionsSecrets }: Around): readonly string[] {
  const name = withoutEnvironment(secret.name);
  const copies = actionsSecrets.filter(
    (one) =>
      (withoutEnvironment(one.name) === name || plainWords(one.name) === plainWords(secret.name)) &&
      (readers.length === 0 || readers.some(({ repository }) => repository === one.repository)),
  );
  return copies.map(
    (copy) =>
      `    # low: Gitea has an Actions secret of this name; if it is a copy, add alsoPublish: [{ kind: gitea-actions-secret, repository: ${JSON.stringify(copy.repository)}, name: ${JSON.stringify(copy.name)} }]`,
  );
}

/** The validity of the sample's tag, or the lifetime of the newest version, or the usual one, within the limits of the policy. */
function validityOf({ tags, created, expires }: FoundSecret['secret']): Known {
  const tagged = tags[sampleTags.validity] ?? '';
  if (/^[1-9]\d{0,4}$/.test(tagged)) return { value: inDays(Number(tagged)), from: `its tag ${sampleTags.validity}` };
  if (expires === null) return { value: inDays(usualDays), from: 'the usual one: the version has no expiry' };
  const lasts = Math.round((expires.getTime() - created.getTime()) / dayMs);
  if (lasts > mostLastingDays) {
    return {
      value: inDays(mostLastingDays),
      from: `a year, instead of the ${String(lasts)} days that the version lasts`,
    };
  }
  return { value: inDays(lasts), from: 'how long the newest version lasts' };
}

function inDays(days: number): string {
  return `${String(Math.min(mostDays, Math.max(leastDays, days)))}d`;
}

function environmentOf({ name, tags }: FoundSecret['secret'], vault: string): Known | null {
  const [tag, tagged = ''] = Object.entries(tags).find(([key]) => /^(?:environment|env|stage)$/i.test(key)) ?? [];
  if (tag !== undefined && environmentName.test(tagged))
    return { value: JSON.stringify(tagged), from: `its tag ${tag}` };
  const named = environmentIn(name);
  if (named !== null) return { value: named, from: 'a word of its name' };
  const around = environmentIn(vault);
  return around === null ? null : { value: around, from: "a word of its vault's name" };
}

function ownerOf({ tags }: FoundSecret['secret'], readers: NonNullable<FoundSecret['readers']>): Known | null {
  const [tag, tagged = ''] =
    Object.entries(tags).find(([key]) => /^(?:owner|team|contact|owned-?by)$/i.test(key)) ?? [];
  const text = tagged.replaceAll(/\s+/g, ' ').trim();
  if (tag !== undefined && text !== '' && text.length <= 200)
    return { value: JSON.stringify(text), from: `its tag ${tag}` };
  const [only, ...others] = readers;
  if (only === undefined || others.length > 0) return null;
  return { value: JSON.stringify(only.repository), from: 'the one repository that reads it' };
}

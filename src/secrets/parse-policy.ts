import type { z } from 'zod';
import { ServiceError } from '../service-error.ts';
import { dayMs, formatDuration, hourMs } from './duration.ts';
import { providerCredentialIn } from './made-by-provider.ts';
import { toAccess, toPeople, toUses } from './parse-access.ts';
import type { IdentityRule, Namespace, Policy, SecretBinding, TrackedSecret } from './policy.ts';
import {
  type DamagedSecret,
  damagedSecrets,
  policySchema,
  rightParts,
  type WrittenPolicy,
  type WrittenSecret,
} from './policy-schema.ts';
import type { Vault } from './secret-reference.ts';
import { type YamlSource, yamlSource } from './yaml-source.ts';

const longestValidityMs = 3_650 * dayMs;
const usualPerDay = 2;

type Say = (path: readonly PropertyKey[], says: string) => void;

/**
 * What an issuer refuses in a binding: its own name, a field of the target, a further place. `path`: below the secret, such as
 * `['target', 'port']`. Given from outside, because this room knows no issuer. Sends nothing.
 */
export type BindingCheck = (
  binding: SecretBinding,
) => readonly { readonly path: readonly PropertyKey[]; readonly says: string }[];

/**
 * Reads `keyturn.policy.yml`. `file` names it in errors. `vaults` are those of the settings: a secret is written as
 * `VAULT/NAME`, or as `NAME` if there is only one vault. `check`: holds each binding against its issuer as well.
 * @throws ServiceError `POLICY_MALFORMED` with all faults, each as `line:column path what is wrong`.
 */
export function parsePolicy(
  text: string,
  file: string,
  vaults: readonly Vault[],
  check: BindingCheck = () => [],
): Policy {
  const source = yamlSource(text);
  if (source.faults.length > 0) throw new ServiceError('POLICY_MALFORMED', { file, faults: source.faults });

  const parsed = policySchema.safeParse(source.value);
  const faults = (parsed.error?.issues ?? []).flatMap((issue) => faultsOf(source, issue));
  const say: Say = (path, says) => faults.push(source.at(path, says));
  const written = parsed.data ?? rightParts(source.value);
  const policy: Policy = {
    format: 1,
    limits: {
      mostPerHour: written.defaults.mostPerHour,
      mostPerHourIn: new Map(Object.entries(written.defaults.mostPerHourIn)),
      environmentOrder: written.defaults.environmentOrder,
    },
    ...toSecrets(written, { vaults, check }, say),
    namespaces: toNamespaces(written),
    identities: toIdentities(written, say),
    people: toPeople(written, say),
  };
  sayOfDamaged(damagedSecrets(source.value), { written, vaults, check }, say);
  if (faults.length > 0) throw new ServiceError('POLICY_MALFORMED', { file, faults: inOrder(faults) });
  return policy;
}

/** What only a rotation needs. */
const rotationKeys = [
  'target',
  'grace',
  'consumersLifetime',
  'minimumAge',
  'rotationsPerDay',
  'approval',
  'group',
  'alsoPublish',
  'mode',
  'first',
  'windows',
  'check',
  'reviewed',
] as const satisfies readonly (keyof WrittenSecret)[];

function toSecrets(
  policy: WrittenPolicy,
  { vaults, check }: { readonly vaults: readonly Vault[]; readonly check: BindingCheck },
  say: Say,
): Pick<Policy, 'secrets' | 'tracked'> {
  const { secrets, defaults } = policy;
  const bindings = new Map<string, SecretBinding>();
  const tracked = new Map<string, TrackedSecret>();
  for (const [key, written] of Object.entries(secrets)) {
    const path = ['secrets', key];
    const place = placeOf(key, vaults);
    if (typeof place === 'string') {
      say(path, place);
      continue;
    }
    const name = `${place.vault}/${place.name}`;
    if (bindings.has(name) || tracked.has(name)) say(path, 'is bound twice; names are case-insensitive');
    // A policy that bound a staging secret would rotate and publish the pending value.
    if (place.name.startsWith('rot-pending--')) say([...path], 'names a staging secret');
    sayNamespaces(written, policy, path, say);
    const { issuer } = written;
    const access = { ...toAccess(written, policy, { path, say }), ...toUses(written, policy, { path, say }) };
    if (issuer === undefined) {
      sayTracking(written, path, say);
      tracked.set(name, { ...toTracked(place, written), ...access });
      continue;
    }
    sayTimes(written, path, say);
    sayProvider(key, { ...written, issuer }, path, say);
    if (written.reminders !== undefined)
      say([...path, 'reminders'], 'is for a secret without an issuer: Keyturn replaces this one itself');
    const binding = { ...toBinding(place, { ...written, issuer }, defaults), ...access };
    for (const fault of check(binding)) say([...path, ...fault.path], fault.says);
    bindings.set(name, binding);
  }
  return { secrets: bindings, tracked };
}

/**
 * Tells of further mistakes in the entries that have one: a person mends all of them at once. What could follow from the first one,
 * such as a contradiction between times, is left for the next look.
 */
function sayOfDamaged(
  damaged: readonly DamagedSecret[],
  {
    written: policy,
    vaults,
    check,
  }: { readonly written: WrittenPolicy; readonly vaults: readonly Vault[]; readonly check: BindingCheck },
  say: Say,
): void {
  for (const { key, written, faulty } of damaged) {
    const path = ['secrets', key];
    sayNamespaces(written, policy, path, say);
    const place = placeOf(key, vaults);
    const { issuer } = written;
    if (typeof place === 'string' || issuer === undefined) continue;
    sayProvider(key, { ...written, issuer }, path, say);
    for (const fault of check(toBinding(place, { ...written, issuer }, policy.defaults)))
      if (!faulty.has(fault.path[0] ?? '')) say([...path, ...fault.path], fault.says);
  }
}

function sayNamespaces({ namespaces }: WrittenSecret, policy: WrittenPolicy, path: readonly string[], say: Say): void {
  for (const [index, namespace] of namespaces.entries()) {
    if (!Object.hasOwn(policy.namespaces, namespace))
      say([...path, 'namespaces', index], 'is not a namespace of this policy');
  }
}

const usualReminders = [30, 14, 7, 1].map((days) => days * dayMs);

/** A secret without an issuer is tracked: what only a rotation needs does nothing there. */
function sayTracking({ validity, reminders = [], ...rest }: WrittenSecret, path: readonly string[], say: Say): void {
  for (const key of rotationKeys) {
    if (rest[key] !== undefined)
      say([...path, key], 'needs an issuer: a secret without one is tracked and never rotated');
  }
  if (validity < dayMs || validity > longestValidityMs) say([...path, 'validity'], 'must be from 1d to 3650d');
  for (const [index, before] of reminders.entries()) {
    if (before >= validity)
      say([...path, 'reminders', index], `must be shorter than validity (${formatDuration(validity)})`);
  }
}

function toTracked(
  { vault, name }: { vault: string; name: string },
  { owner, validity, reminders, environment, namespaces }: WrittenSecret,
): TrackedSecret {
  const remindersMs = [...new Set(reminders ?? usualReminders.filter((before) => before < validity))];
  return {
    vault,
    name,
    owner: owner ?? null,
    validityMs: validity,
    remindersMs: remindersMs.sort((a, b) => b - a),
    environment,
    namespaces,
  };
}

/** A random value in the place of one that a provider made breaks all its readers. */
function sayProvider(
  key: string,
  { issuer, reviewed }: WrittenSecret & { readonly issuer: string },
  path: readonly string[],
  say: Say,
): void {
  if (issuer !== 'generated' || reviewed === true) return;
  const kind = providerCredentialIn(key.slice(key.indexOf('/') + 1));
  if (kind !== null) {
    say(
      [...path, 'issuer'],
      `would publish a random value, and the name tells of ${kind}, which its provider makes: name that issuer, leave the issuer out to track the secret, or add reviewed: true`,
    );
  }
}

function toBinding(
  { vault, name }: { vault: string; name: string },
  written: WrittenSecret & { readonly issuer: string },
  defaults: WrittenPolicy['defaults'],
): SecretBinding {
  const { issuer, validity, environment, namespaces, owner, reviewed } = written;
  const { mode = defaults.mode, first = defaults.first, windows = defaults.windows } = written;
  return {
    vault,
    name,
    issuer,
    target: written.target ?? {},
    validityMs: validity,
    graceMs: written.grace ?? dayMs,
    consumersLifetimeMs: written.consumersLifetime ?? dayMs,
    minimumAgeMs: written.minimumAge ?? hourMs,
    rotationsPerDay: written.rotationsPerDay ?? usualPerDay,
    environment,
    namespaces,
    approval: [...new Set(written.approval)],
    group: written.group ?? null,
    alsoPublish: written.alsoPublish ?? [],
    mode,
    first,
    windows,
    checkMs: written.check ?? defaults.check,
    ...(reviewed === true ? { reviewed } : {}),
    ...(owner === undefined ? {} : { owner }),
  };
}

/**
 * Finds times that contradict each other. A version is due some time before it expires: 30 days, or a third of a
 * shorter validity. Key Vault reports every version of 30 days or less as near its expiry from the start, so only the
 * minimum age and the rotations a day prevent a storm of rotations.
 * Source: rotation.md sections 3.1 and 4, rule 9.
 */
function sayTimes(
  { validity, grace = dayMs, minimumAge = hourMs, rotationsPerDay = usualPerDay, check }: WrittenSecret,
  path: readonly string[],
  say: Say,
): void {
  if (validity < 60_000 || validity > longestValidityMs) {
    say([...path, 'validity'], 'must be from 1m to 3650d');
    return;
  }
  const between = validity - Math.min(30 * dayMs, Math.floor(validity / 3));
  if (check !== undefined && check < 60_000) say([...path, 'check'], 'must be 1m at least');
  if (minimumAge >= validity) {
    say(
      [...path, 'minimumAge'],
      `must be shorter than validity (${formatDuration(validity)}), or a version expires before it may be rotated`,
    );
  }
  if (between * rotationsPerDay < dayMs) {
    say(
      [...path, 'validity'],
      `is so short that rotationsPerDay (${String(rotationsPerDay)}) is not enough to renew it in time`,
    );
  }
  if (grace >= between) {
    say(
      [...path, 'grace'],
      `must be shorter than the ${formatDuration(between)} between two rotations, or the old version outlives its successor`,
    );
  }
}

/** Returns the vault and the secret's name, lower-case, or the fault. */
function placeOf(key: string, vaults: readonly Vault[]): { vault: string; name: string } | string {
  const [first = '', second] = key.toLowerCase().split('/');
  if (second !== undefined) {
    return vaults.some(({ name }) => name === first)
      ? { vault: first, name: second }
      : `is in a vault that is not known here${knownText(vaults)}`;
  }
  const [only, ...others] = vaults;
  if (only === undefined || others.length > 0) return `must name its vault, as VAULT/NAME${knownText(vaults)}`;
  return { vault: only.name, name: first };
}

/** Which vaults are known: those of the settings or, for work on files, of the rows and of the policy itself. */
function knownText(vaults: readonly Vault[]): string {
  return vaults.length === 0 ? '' : `; known are ${vaults.map(({ name }) => name).join(', ')}`;
}

function toNamespaces({ namespaces }: WrittenPolicy): Map<string, Namespace> {
  return new Map(
    Object.entries(namespaces).map(([name, { delivery, ...written }]) => [
      name,
      { name, ...written, ...(delivery === undefined ? {} : { delivery }) },
    ]),
  );
}

function toIdentities({ identities }: WrittenPolicy, say: Say): Map<string, IdentityRule> {
  const rules = new Map<string, IdentityRule>();
  for (const [key, { role, labels, repositories, addresses, sharedHost }] of Object.entries(identities)) {
    const objectId = key.toLowerCase();
    if (rules.has(objectId)) say(['identities', key], 'occurs twice');
    if (role !== 'runner' && (labels.length + repositories.length > 0 || sharedHost)) {
      say(['identities', key], 'has labels, repositories or sharedHost, which only a runner can have');
    }
    rules.set(objectId, {
      objectId,
      role,
      runnerLabels: labels,
      repositories,
      addresses,
      ...(sharedHost && { sharedHost }),
    });
  }
  return rules;
}

function faultsOf(source: YamlSource, issue: z.core.$ZodIssue): string[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => source.at([...issue.path, key], unknownKey(issue.path, key)));
    case 'invalid_type':
      return [
        source.at(
          issue.path,
          source.has(issue.path) ? `must be a ${kinds[issue.expected] ?? issue.expected}` : 'is missing',
        ),
      ];
    case 'invalid_value':
      return [
        source.at(
          issue.path,
          source.has(issue.path) ? `must be ${issue.values.map(String).join(' or ')}` : 'is missing',
        ),
      ];
    case 'invalid_key':
      return [source.at(issue.path, issue.issues[0]?.message ?? 'is not a valid name here')];
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [source.at(issue.path, issue.message)];
    default:
      return issue satisfies never;
  }
}

function unknownKey([room]: readonly PropertyKey[], key: string): string {
  if (room === 'namespaces' && key === 'environments')
    return 'promises what no job can show: Gitea tells no environment. Remove it, and name a namespace for each environment';
  return 'is an unknown key';
}

const kinds: Readonly<Record<string, string>> = {
  object: 'map',
  record: 'map',
  array: 'list',
  string: 'text',
  int: 'whole number',
};

/** In the order of the file. */
function inOrder(faults: readonly string[]): readonly string[] {
  const place = (fault: string) => fault.split(' ', 1)[0]?.split(':').map(Number) ?? [];
  return [...faults].sort((a, b) => (place(a)[0] ?? 0) - (place(b)[0] ?? 0) || (place(a)[1] ?? 0) - (place(b)[1] ?? 0));
}

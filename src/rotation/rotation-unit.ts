import { type JsonValue, canonicalJson } from '../provenance/canonical-json.ts';
import type { Policy, SecretBinding } from '../secrets/policy.ts';
import { ServiceError } from '../service-error.ts';
import type { CredentialIssuer } from './ports/credential-issuer.ts';
import { digestExactly } from './rotation-id.ts';

/** What is rotated as one: a secret by itself, or the secrets of a group, which hold one credential. */
export interface RotationUnit {
  /** `vault/name`, or `group:<name>`. */
  readonly key: string;
  /** Ascending by `vault/name`; the first names the rotation. */
  readonly members: readonly [SecretBinding, ...SecretBinding[]];
}

/** The name of a binding in the policy and in the journal: `vault/name`, lower-case. */
export function bindingKey({ vault, name }: { vault: string; name: string }): string {
  return `${vault}/${name}`.toLowerCase();
}

/** The vault and the name in `vault/name`. */
export function placeIn(member: string): { readonly vault: string; readonly name: string } {
  const [vault = '', name = ''] = member.split('/');
  return { vault, name };
}

/** The unit that a secret belongs to, or `null` when the policy does not bind it. */
export function unitOf(policy: Policy, secret: { vault: string; name: string }): RotationUnit | null {
  const binding = policy.secrets.get(bindingKey(secret));
  if (binding === undefined) return null;
  const { group } = binding;
  const members = group === null ? [binding] : [...policy.secrets.values()].filter((one) => one.group === group);
  return unitWith(unitKeyOf(binding), members);
}

/** By the secrets of a policy, which do not change once it was read: each of its secrets is compared with the others. */
const unitsKnown = new WeakMap<Policy['secrets'], readonly RotationUnit[]>();

/** Every unit of the policy, once each, in the policy's order. */
export function unitsOf({ secrets }: Policy): readonly RotationUnit[] {
  const known = unitsKnown.get(secrets);
  if (known !== undefined) return known;
  const members = new Map<string, SecretBinding[]>();
  for (const binding of secrets.values()) {
    const key = unitKeyOf(binding);
    const others = members.get(key);
    if (others === undefined) members.set(key, [binding]);
    else others.push(binding);
  }
  const units = [...members].map(([key, bindings]) => unitWith(key, bindings));
  unitsKnown.set(secrets, units);
  return units;
}

function unitKeyOf(binding: SecretBinding): string {
  return binding.group === null ? bindingKey(binding) : `group:${binding.group}`;
}

function unitWith(key: string, bindings: readonly SecretBinding[]): RotationUnit {
  const [first, ...others] = bindings.toSorted((a, b) => (bindingKey(a) < bindingKey(b) ? -1 : 1));
  if (first === undefined) throw new RangeError('A unit has a member.');
  return { key, members: [first, ...others] };
}

/**
 * Names the one thing that a unit's credential opens, so that work on it is serialised whichever secret asks. Case counts: `App`
 * and `app` may be two users. A `self` value opens nothing, and minted credentials live side by side: there the unit is part of
 * the name.
 */
export function targetKeyOf(
  unit: RotationUnit,
  { name, credentialClass }: Pick<CredentialIssuer, 'name' | 'credentialClass'>,
): string {
  const target: Readonly<Record<string, JsonValue>> = unit.members[0].target;
  if (credentialClass === 'self') return digestExactly(['self', unit.key]);
  const own = credentialClass === 'minted' ? [unit.key] : [];
  return digestExactly([name, canonicalJson(target), ...own]);
}

/**
 * The unit of a secret that a person names: `vault/name`, or `name` alone where one vault has it in the policy.
 * @throws ServiceError `SECRET_NOT_BOUND`; `ROTATION_REQUEST_REFUSED` for a name that several vaults have.
 */
export function requireUnit(policy: Policy, secret: string): RotationUnit {
  const wanted = secret.trim().toLowerCase();
  const keys = [...policy.secrets.keys()].filter((key) => key === wanted || key.endsWith(`/${wanted}`));
  const [vault = '', name = ''] = wanted.includes('/') ? wanted.split('/') : ['', wanted];
  if (keys.length > 1) {
    const reason = `Several vaults have one of this name: ${keys.join(', ')}. Name its vault too.`;
    throw new ServiceError('ROTATION_REQUEST_REFUSED', { vault, secret: name, reason });
  }
  const binding = policy.secrets.get(keys[0] ?? '');
  const unit = binding === undefined ? null : unitOf(policy, binding);
  const isTracked = [...policy.tracked.keys()].some((key) => key === wanted || key.endsWith(`/${wanted}`));
  if (unit === null && isTracked) {
    const reason = 'The policy tracks it without an issuer: make a new value at its provider, and set it in the vault.';
    throw new ServiceError('ROTATION_REQUEST_REFUSED', { vault, secret: name, reason });
  }
  if (unit === null) throw new ServiceError('SECRET_NOT_BOUND', { vault, secret: name });
  return unit;
}

/** The issuer of this name. @throws ServiceError `ISSUER_UNKNOWN`. */
export function requireIssuer(issuers: ReadonlyMap<string, CredentialIssuer>, name: string): CredentialIssuer {
  const issuer = issuers.get(name);
  if (issuer === undefined) throw new ServiceError('ISSUER_UNKNOWN', { issuer: name, known: [...issuers.keys()] });
  return issuer;
}

/**
 * The issuer of a unit, with the target checked.
 * @throws ServiceError `ISSUER_UNKNOWN`; `ISSUER_TARGET_REFUSED` for a target that the issuer refuses, for members with
 * different issuers, and for a single credential that another unit is bound to as well: two units would end each other's.
 */
export function issuerOf(
  unit: RotationUnit,
  issuers: ReadonlyMap<string, CredentialIssuer>,
  policy: Policy,
): CredentialIssuer {
  const [primary] = unit.members;
  const issuer = requireIssuer(issuers, primary.issuer);
  const refuse = (binding: SecretBinding, place: string, reason: string) =>
    new ServiceError('ISSUER_TARGET_REFUSED', { issuer: issuer.name, secret: bindingKey(binding), place, reason });
  for (const binding of unit.members) {
    if (binding.issuer !== issuer.name) throw refuse(binding, 'issuer', 'A group has one issuer.');
    const [fault] = issuer.check(binding);
    if (fault !== undefined) throw refuse(binding, fault.place, fault.reason);
  }
  const shared = sharingUnit(unit, issuer, policy);
  if (shared !== null)
    throw refuse(primary, 'target', `${shared} is bound to the same credential: put both into one group.`);
  return issuer;
}

/** Another unit that is bound to the same credential. Minted credentials of one target live side by side. */
function sharingUnit(unit: RotationUnit, issuer: CredentialIssuer, policy: Policy): string | null {
  if (issuer.credentialClass === 'minted' || issuer.credentialClass === 'self') return null;
  const key = targetKeyOf(unit, issuer);
  const other = [...policy.secrets.values()].find((binding) => {
    if (binding.issuer !== issuer.name || unit.members.includes(binding)) return false;
    return targetKeyOf({ key: bindingKey(binding), members: [binding] }, issuer) === key;
  });
  return other === undefined ? null : bindingKey(other);
}

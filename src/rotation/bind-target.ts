import { hash } from 'node:crypto';
import { type JsonValue, canonicalJson } from '../provenance/canonical-json.ts';
import type { Policy, SecretBinding } from '../secrets/policy.ts';
import type { Wish } from './decide/decision.ts';
import type { TargetState } from './journal/target-state.ts';
import type { Target } from './observe/target.ts';
import type { CredentialIssuer } from './ports/credential-issuer.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, issuerOf, requireIssuer, type RotationUnit, targetKeyOf, unitsOf } from './rotation-unit.ts';

/** How a target is worked on by what the policy says of it today. @throws ServiceError `ISSUER_UNKNOWN`, `ISSUER_TARGET_REFUSED`. */
export function bindTarget(
  tools: RotationTools,
  unit: RotationUnit,
  trigger: Target['terms']['trigger'] = 'reconciler',
  wish: Wish | null = null,
): Target {
  const { members } = unit;
  const issuer = issuerOf(unit, tools.issuers, tools.policy);
  const checkMs = Math.min(...members.map((one) => one.checkMs));
  const mode = strictest(members);
  const needsGo = members.some(({ first }) => first === 'go');
  const said = { bound: true, mode, needsGo, checkMs, earlier: earlierUnits(tools.policy, unit), trigger, wish };
  return targetOf(tools, targetKeyOf(unit, issuer), issuer, { bindings: members, ...said });
}

/**
 * How a target is worked on that left the policy, or that the policy names otherwise now: by the binding that its rotation began
 * with, to the end of what is open. `null` for a journal in which nothing was ever begun.
 */
export function unboundTarget(
  tools: RotationTools,
  { target, bindings: [first, ...others] }: TargetState,
): Target | null {
  if (first === undefined) return null;
  const unsaid = { bound: false, mode: 'off', needsGo: false, earlier: [], trigger: 'reconciler', wish: null } as const;
  const terms = { bindings: [first, ...others], checkMs: first.checkMs, ...unsaid } as const;
  return targetOf(tools, target, requireIssuer(tools.issuers, first.issuer), terms);
}

function targetOf(
  tools: RotationTools,
  key: string,
  issuer: CredentialIssuer,
  terms: Omit<Target['terms'], 'issuer' | 'credentialClass'>,
): Target {
  const { name, credentialClass } = issuer;
  return { key, tools, issuer, terms: { issuer: name, credentialClass, ...terms } };
}

/** The target that a unit is bound to now, or `null` where the policy's word cannot be used. */
export function boundKeys(tools: RotationTools): ReadonlyMap<string, RotationUnit> {
  const keys = new Map<string, RotationUnit>();
  for (const unit of unitsOf(tools.policy)) {
    const issuer = tools.issuers.get(unit.members[0].issuer);
    if (issuer !== undefined) keys.set(targetKeyOf(unit, issuer), unit);
  }
  return keys;
}

/** The unit of the policy that is bound to a target and holds the very secrets of its journal; `null` when none does. */
export function unitBoundTo(tools: RotationTools, state: TargetState): RotationUnit | null {
  const unit = boundKeys(tools).get(state.target) ?? null;
  if (unit === null || state.bindings.length === 0) return unit;
  const names = (bindings: readonly SecretBinding[]) => bindings.map(bindingKey).join(' ');
  return names(unit.members) === names(state.bindings) ? unit : null;
}

/** A digest of what the policy says of a target: a change makes the next pass look again. */
export function termsDigest({ bindings, bound }: Target['terms']): string {
  const said = JSON.parse(JSON.stringify({ bindings, bound })) as JsonValue;
  return hash('sha256', canonicalJson(said)).slice(0, 16);
}

function strictest(members: readonly SecretBinding[]): SecretBinding['mode'] {
  if (members.some(({ mode }) => mode === 'off')) return 'off';
  return members.some(({ mode }) => mode === 'by-hand') ? 'by-hand' : 'automatic';
}

/**
 * The same secret in the environments before the unit's own, those of the first environment first: one of the same issuer whose
 * name differs by the environment's alone, as `shop-key` in two vaults, or `shop-key-dev` and `shop-key-prod`.
 */
function earlierUnits(policy: Policy, unit: RotationUnit): readonly RotationUnit[] {
  const { environmentOrder } = policy.limits;
  const place = (name: string | null) => environmentOrder.indexOf(name ?? '');
  const [{ issuer, environment }] = unit.members;
  const own = place(environment);
  if (own < 1) return [];
  const stems = new Set(unit.members.map(stemOf));
  return unitsOf(policy)
    .filter(({ members }) => {
      const [first] = members;
      const other = place(first.environment);
      const isEarlier = first.issuer === issuer && other >= 0 && other < own && first.mode !== 'off';
      return isEarlier && members.some((member) => stems.has(stemOf(member)));
    })
    .sort((a, b) => place(a.members[0].environment) - place(b.members[0].environment));
}

/** The name of a secret without that of its environment. */
function stemOf({ name, environment }: SecretBinding): string {
  const words = name.toLowerCase().split('-');
  return words.filter((word) => word !== environment?.toLowerCase()).join('-');
}

import type { Role } from '../caller.ts';

/** How to read roles from the claims of an account. */
export interface RoleClaim {
  /** `roles`, `groups`, or a path such as `realm_access.roles`. */
  readonly name: string;
  /** The claim's values that grant each role; an empty list grants it to no account. */
  readonly values: Readonly<Record<Role, readonly string[]>>;
  /** Gitea compares names of organisations and teams without regard to case: `Acme:Auditors` is `acme:auditors`. */
  readonly ignoresCase: boolean;
}

/** Returns the roles of an account, possibly none; `null` if the claim itself is missing. */
export function rolesIn(claims: Readonly<Record<string, unknown>>, claim: RoleClaim): readonly Role[] | null {
  const value = valueAt(claims, claim.name);
  if (value === undefined) return null;
  const fold = (text: string) => (claim.ignoresCase ? text.toLowerCase() : text);
  const held = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string').map(fold);
  return (['auditor', 'operator'] as const).filter((role) =>
    claim.values[role].some((wanted) => held.includes(fold(wanted))),
  );
}

/** The claim of exactly this name, because namespaced claims are URLs; else the member at the end of the dotted path. */
function valueAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const member of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined;
    value = Reflect.get(value, member);
  }
  return value;
}

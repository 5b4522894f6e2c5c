import { counted } from '../../audit/findings/finding-tally.ts';
import { madeElsewhere } from '../../rotation/made-elsewhere.ts';
import type { SecretVersion } from '../../rotation/ports/secret-store.ts';
import { bindingKey } from '../../rotation/rotation-unit.ts';
import type { Policy } from '../../secrets/policy.ts';
import { type Check, fail, pass } from './check.ts';

/**
 * Whether the policy names an issuer for a secret of this vault whose value only the vault or a provider makes. No pass replaces
 * one; the policy alone does not tell, for only the vault knows what a secret is. `versions`: the newest of each secret.
 */
export function checkBoundValues(
  vault: string,
  versions: readonly Pick<SecretVersion, 'name' | 'managed' | 'contentType'>[],
  { secrets }: Pick<Policy, 'secrets'>,
): readonly Check[] {
  const what = `bound secrets of ${vault}`;
  const bound = versions.flatMap((version) => {
    const key = bindingKey({ vault, name: version.name });
    const binding = secrets.get(key);
    return binding === undefined ? [] : [{ key, error: madeElsewhere(binding, version) }];
  });
  const refused = bound.flatMap(({ key, error }) => (error === null ? [] : [{ key, error }]));
  if (refused.length > 0)
    return refused.map(({ key, error }) => fail(what, `${key} is never rotated (${error.code}). ${error.says}`));
  return bound.length === 0 ? [] : [pass(what, `${counted(bound.length, 'value')} that Keyturn may replace`)];
}

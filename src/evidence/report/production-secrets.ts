import type { SecretInventoryEntry } from '../../audit/model/audited-period.ts';

/** The secrets of production, as `vault/name` in lower case. */
export function productionSecrets(
  inventory: readonly Pick<SecretInventoryEntry, 'vault' | 'secret' | 'environment'>[],
): ReadonlySet<string> {
  return new Set(
    inventory
      .filter(({ environment }) => /^prod(uction)?$/i.test(environment ?? ''))
      .map(({ vault, secret }) => `${vault}/${secret}`.toLowerCase()),
  );
}

/** Whether a text names a secret of production: as a whole word, so that `kv/db` is not found in `kv/db-dev`. */
export function isAboutProduction(text: string, production: ReadonlySet<string>): boolean {
  return text
    .toLowerCase()
    .split(/[^\w/.-]+/)
    .some((word) => production.has(word.replace(/\.+$/, '')));
}

import type { SecretProperties } from '@azure/keyvault-secrets';
import type { SecretVersion } from '../rotation/ports/secret-store.ts';

/**
 * The vault's times have whole seconds, and its servers' clocks differ a little: what changes right after the last
 * change may not show.
 */
const settledAfterMs = 60_000;

/**
 * Remembers which version the list of secrets showed, because the list names none: a secret whose listed properties are
 * the same has the same newest version, and need not be looked up again. Each change of the newest version moves the
 * time of its creation or of its update.
 */
export function knownNewest() {
  const known = new Map<string, { readonly shown: string; readonly version: SecretVersion }>();
  return {
    /** The version of these listed properties; `null` if it must be looked up. */
    find: (shown: SecretProperties): SecretVersion | null => {
      const one = known.get(shown.name.toLowerCase());
      return one?.shown === fingerprint(shown) ? one.version : null;
    },
    /** `serverTime`: the vault's, when it listed. Nothing is remembered of what it changed in the same moment. */
    remember: (shown: SecretProperties, version: SecretVersion, serverTime: Date | null): void => {
      const changedMs = Math.max(shown.createdOn?.getTime() ?? 0, shown.updatedOn?.getTime() ?? 0);
      if (serverTime === null || serverTime.getTime() - changedMs < settledAfterMs) return;
      known.set(shown.name.toLowerCase(), { shown: fingerprint(shown), version });
    },
    /** Forgets secrets that the vault no longer lists. */
    keepOnly: (listed: readonly SecretProperties[]): void => {
      const names = new Set(listed.map(({ name }) => name.toLowerCase()));
      for (const name of known.keys()) if (!names.has(name)) known.delete(name);
    },
  };
}

function fingerprint(shown: SecretProperties): string {
  const { enabled, notBefore, expiresOn, createdOn, updatedOn, contentType, managed, tags } = shown;
  const ordered = Object.entries(tags ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([enabled, notBefore, expiresOn, createdOn, updatedOn, contentType, managed, ordered]);
}

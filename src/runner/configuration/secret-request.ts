/** Where a command finds a secret. */
export type SecretTarget =
  | { readonly kind: 'environment'; readonly variable: string }
  /** `path` on tmpfs; `null` takes a private place whose path the variable holds. */
  | { readonly kind: 'file'; readonly path: string | null; readonly variable: string | null }
  | { readonly kind: 'descriptor'; readonly number: number };

/** One secret that a command line or a manifest asks for. */
export interface SecretRequest {
  /** Short name of the vault; `null` where the configuration has but one. */
  readonly vault: string | null;
  readonly name: string;
  readonly version: string | null;
  /** RFC 6901, into a value that is JSON; `null` takes the whole value. */
  readonly pointer: string | null;
  readonly target: SecretTarget;
  /** An optional secret that is missing, deleted, disabled, expired or not yet valid is left out. */
  readonly required: boolean;
  /** What the version must at least have before it expires. */
  readonly minimumLifeMs: number;
}

/**
 * All secrets of a vault whose names begin alike, chosen in a manifest alone. Needs the right to list: names that nobody
 * wrote down are handed over, so it is asked for by a key of its own and there is no other pattern.
 */
export interface SecretSelection {
  readonly vault: string | null;
  /** Lower-case, as Key Vault compares names. */
  readonly prefix: string;
  /** What the variables begin with; the rest of a secret's name follows, in capitals, with `_` for `-`. */
  readonly variablePrefix: string;
  /** Holds for each secret selected, and for there being one at all. */
  readonly required: boolean;
  readonly minimumLifeMs: number;
}

/** How a request is written in one word: `[VAULT/]NAME[@VERSION]`. `null` when the text is none. */
export function parseSecretWord(
  text: string,
): { readonly vault: string | null; readonly name: string; readonly version: string | null } | null {
  const form = /^(?:(?<vault>[0-9A-Za-z-]{2,127})\/)?(?<name>[0-9A-Za-z-]{1,127})(?:@(?<version>[0-9a-f]{32}))?$/;
  const parts = form.exec(text)?.groups;
  if (parts === undefined) return null;
  return { vault: parts['vault']?.toLowerCase() ?? null, name: parts['name'] ?? '', version: parts['version'] ?? null };
}

/** What a variable may be called: a name that any program can read and none obeys. */
export function isSafeVariable(name: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name) &&
    !/^(PATH|IFS|ENV|BASH_ENV|SHELLOPTS|PS4|LD_.*|DYLD_.*|NODE_OPTIONS|PYTHONSTARTUP|PERL5OPT|RUBYOPT|GIT_SSH.*)$/.test(
      name,
    )
  );
}

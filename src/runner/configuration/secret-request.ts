/** The destination of a secret. */
export type SecretTarget =
  | { readonly kind: 'environment'; readonly variable: string }
  /** `path` on tmpfs; `null` creates a private file whose path the variable contains. */
  | { readonly kind: 'file'; readonly path: string | null; readonly variable: string | null }
  | { readonly kind: 'descriptor'; readonly number: number };

/** One secret that a command line or a manifest requests. */
export interface SecretRequest {
  /** Short name of the vault; `null` if the configuration has only one. */
  readonly vault: string | null;
  readonly name: string;
  readonly version: string | null;
  /** An RFC 6901 pointer into a JSON value; `null` uses the whole value. */
  readonly pointer: string | null;
  readonly target: SecretTarget;
  /** An optional secret that is missing, deleted, disabled, expired or not yet valid is skipped. */
  readonly required: boolean;
  /** The minimum time before the version expires. */
  readonly minimumLifeMs: number;
}

/**
 * All secrets of a vault with a common prefix; only possible in a manifest. It needs the right to list, and passes on
 * names that nobody wrote down, so it has its own key and no other pattern exists.
 */
export interface SecretSelection {
  readonly vault: string | null;
  /** Lower-case, as Key Vault compares names. */
  readonly prefix: string;
  /** The prefix of the variables; the rest of a secret's name follows, in capitals, with `_` for `-`. */
  readonly variablePrefix: string;
  /** Applies to each selected secret, and to whether at least one must exist. */
  readonly required: boolean;
  readonly minimumLifeMs: number;
}

/** Parses a request in one word: `[VAULT/]NAME[@VERSION]`. Returns `null` if the text is invalid. */
export function parseSecretWord(
  text: string,
): { readonly vault: string | null; readonly name: string; readonly version: string | null } | null {
  const form = /^(?:(?<vault>[0-9A-Za-z-]{2,127})\/)?(?<name>[0-9A-Za-z-]{1,127})(?:@(?<version>[0-9a-f]{32}))?$/;
  const parts = form.exec(text)?.groups;
  if (parts === undefined) return null;
  return { vault: parts['vault']?.toLowerCase() ?? null, name: parts['name'] ?? '', version: parts['version'] ?? null };
}

/** Whether a variable's name is valid in any program and has no effect on any. */
export function isSafeVariable(name: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name) &&
    !/^(PATH|IFS|ENV|BASH_ENV|SHELLOPTS|PS4|LD_.*|DYLD_.*|NODE_OPTIONS|PYTHONSTARTUP|PERL5OPT|RUBYOPT|GIT_SSH.*)$/.test(
      name,
    )
  );
}

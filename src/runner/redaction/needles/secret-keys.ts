/** A member of a structured value, and what its key says. */
export interface Place {
  readonly member: unknown;
  /** The words of the key it is at. */
  readonly key: readonly string[];
  readonly isSecret: boolean;
  /** `false` for what has no key, as a piece of an address: it is secret only if it looks random. */
  readonly isNamed?: false;
}

/** What is at a key of this name. */
export function keyed(name: string, member: unknown): Place {
  const key = wordsOf(name);
  return { member, key, isSecret: isSecretKey(key) };
}

/** The words of a key: `clientSecret`, `CLIENT_SECRET` and `client-secret` are the same two. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

const secretWords =
  /^(?:\w*password|passwd|pass|passphrase|pwd|pw|pin|\w*token|\w*secrets?|\w*key|credentials?|auth|authorization|sas|sig|signature|cookie|dsn|connectionstring|otp|seed|salt|pat|jwt|bearer)$/;

/** Whether what is at a key is secret, by its last word (`private_key`, not `private_key_id`). */
export function isSecretKey(words: readonly string[]): boolean {
  const named = words.at(-1) === 'data' || words.at(-1) === 'value' ? words.slice(0, -1) : words;
  if (named.some((word) => word === 'public' || word === 'publickey')) return false;
  return secretWords.test(named.at(-1) ?? '') || /^connection ?string$/.test(named.slice(-2).join(' '));
}

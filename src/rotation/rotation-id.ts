import { hash } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Names the rotation away from one version of one secret, the same on every worker and after every crash:
 * lower-case RFC 4648 base32 of sha256 over the vault's address, the secret's name and the version, each lower-cased
 * and joined by newlines; its first 16 characters (80 bits).
 */
export function rotationIdOf(from: { vaultUrl: string; name: string; version: string }): string {
  return digestName([from.vaultUrl, from.name, from.version]);
}

/** Sixteen characters that name a list of texts; case does not matter. */
export function digestName(parts: readonly string[]): string {
  return digestExactly([parts.join('\n').toLowerCase()]);
}

/** The same, where case matters. */
export function digestExactly(parts: readonly string[]): string {
  const text = parts.join('\n');
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = base32(hash('sha256', text, 'buffer').subarray(0, 10));
  if (names.size >= namesKept) names.clear();
  names.set(text, name);
  return name;
}

/** A pass asks for the same few names over and over. */
const names = new Map<string, string>();
const namesKept = 5_000;

/** What the `rotation-id` tag and a minted credential's name carry: `<rotationId>.<attempt>`, attempts from 1. */
export function attemptIdOf(rotationId: string, attempt: number): string {
  return `${rotationId}.${String(attempt)}`;
}

/** The rotation's id in an attempt's: all before the last dot. */
export function rotationOf(attemptId: string): string {
  return attemptId.slice(0, attemptId.lastIndexOf('.'));
}

/** The attempt's number in `<rotationId>.<attempt>`. */
export function attemptOf(attemptId: string): number {
  return Number(attemptId.slice(attemptId.lastIndexOf('.') + 1));
}

/** The id of a rotation's attempt after all that are known. */
export function nextAttempt(rotationId: string, known: Iterable<string>): string {
  const used = [...known].filter((key) => key.startsWith(`${rotationId}.`)).map(attemptOf);
  return attemptIdOf(rotationId, Math.max(0, ...used) + 1);
}

/** The parts of `<rotationId>.<attempt>`, or `null` when the text is none. */
export function parseAttemptId(text: string | undefined): { rotationId: string; attempt: number } | null {
  const parts = /^([a-z2-7]{16})\.([1-9]\d{0,5})$/.exec(text ?? '');
  return parts === null ? null : { rotationId: parts[1] ?? '', attempt: Number(parts[2]) };
}

/** Whether an attempt's id follows from a version that one of these secrets really had: nobody can invent that. */
export function isOfSecret(
  attemptId: string,
  vaults: readonly { readonly name: string; readonly url: string }[],
  versions: ReadonlyMap<string, readonly { readonly version: string }[]>,
): boolean {
  const rotationId = parseAttemptId(attemptId)?.rotationId;
  for (const [member, known] of versions) {
    const [vault, name = ''] = member.split('/');
    const vaultUrl = vaults.find((one) => one.name === vault)?.url;
    if (vaultUrl === undefined) continue;
    if (known.some(({ version }) => rotationIdOf({ vaultUrl, name, version }) === rotationId)) return true;
  }
  return false;
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      text += alphabet[(held >>> (bits - 5)) & 31] ?? '';
      bits -= 5;
      // Five bits at a time leave at most seven: mask, so that the number never outgrows 32 bits.
      held &= (1 << bits) - 1;
    }
  }
  return bits > 0 ? text + (alphabet[(held << (5 - bits)) & 31] ?? '') : text;
}

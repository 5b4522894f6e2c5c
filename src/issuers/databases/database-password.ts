import { SecretValue } from '../../secrets/secret-value.ts';
import { type AlphabetName, alphabets, countBits, type RandomBytes, randomText } from '../shared/random-text.ts';
import { listOf, oneOf, optional, wholeNumber } from '../shared/target-fields.ts';
import type { TargetFault } from '../shared/target-shape.ts';

const classes = { upper: /[A-Z]/, lower: /[a-z]/, digit: /[0-9]/, special: /[^A-Za-z0-9]/ } as const;

type CharacterClass = keyof typeof classes;

/** What a server's own rules ask of a password. */
export interface PasswordRules {
  readonly length: number;
  readonly alphabet: AlphabetName;
  /** A password has at least one character of each. */
  readonly classes: readonly CharacterClass[];
}

// With fewer bits a password can be guessed offline; NIST SP 800-131A requires 112 since 2014.
const leastBits = 112;
// Of 16 characters, fewer than half lack a class that is in the alphabet.
const mostTries = 1_000;

/** The target fields of a password's rules. */
export function passwordFields(defaults: PasswordRules) {
  return {
    length: optional(wholeNumber(16, 128), defaults.length),
    alphabet: optional(oneOf(Object.keys(alphabets) as AlphabetName[]), defaults.alphabet),
    classes: optional(listOf(Object.keys(classes) as CharacterClass[]), defaults.classes),
  };
}

/** Faults between the fields of a password's rules. */
export function passwordFaults({ length, alphabet, classes: wanted }: PasswordRules): readonly TargetFault[] {
  const bits = Math.floor(countBits(length, alphabets[alphabet]));
  const missing = wanted.filter((one) => !classes[one].test(alphabets[alphabet]));
  return [
    ...(bits >= leastBits
      ? []
      : [{ place: 'target.length', reason: `makes ${String(bits)} bits; at least ${String(leastBits)} are needed` }]),
    ...(missing.length === 0
      ? []
      : [{ place: 'target.classes', reason: `the alphabet ${alphabet} has no ${missing.join(', ')}` }]),
  ];
}

/** Creates a password by the rules: each that meets them is equally likely. */
export function randomPassword(rules: PasswordRules, randomBytes: RandomBytes): SecretValue {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const text = randomText(rules.length, alphabets[rules.alphabet], randomBytes);
    if (rules.classes.every((one) => classes[one].test(text))) return new SecretValue(text);
  }
  throw new TypeError('The source of random bytes makes no password of all classes.');
}

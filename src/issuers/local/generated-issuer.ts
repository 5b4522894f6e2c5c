import type { CredentialIssuer, IssueRequest } from '../../rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { type AlphabetName, alphabets, countBits, type RandomBytes, randomText } from '../shared/random-text.ts';
import { selfIssuer } from './self-issuer.ts';
import { oneOf, optional, text, wholeNumber } from '../shared/target-fields.ts';
import { type TargetFault, targetShape } from '../shared/target-shape.ts';

// With fewer bits a value can be guessed offline; NIST SP 800-131A requires 112 since 2014.
const leastBits = 112;

/** Issues random values that only their readers use, without a provider. Target: `length`, `alphabet`, `prefix`. */
export function generatedIssuer({ randomBytes }: { readonly randomBytes: RandomBytes }): CredentialIssuer {
  const shape = targetShape(
    'generated',
    {
      /** Of the random part, without the prefix. */
      length: optional(wholeNumber(8, 4096), 40),
      alphabet: optional(oneOf(Object.keys(alphabets) as AlphabetName[]), 'alphanumeric'),
      prefix: optional(text(/[0-9A-Za-z_.:-]{0,40}/, 'at most 40 letters, digits or _ . : -'), ''),
    },
    (target) => guessable(target),
  );
  return selfIssuer({
    name: 'generated',
    check: shape.check,
    make: ({ binding }: IssueRequest) => {
      const { length, alphabet, prefix } = shape.read(binding);
      return new SecretValue(prefix + randomText(length, alphabets[alphabet], randomBytes));
    },
    accepts: ({ binding }, value) => {
      const { length, alphabet, prefix } = shape.read(binding);
      const plaintext = value.reveal();
      const random = plaintext.slice(prefix.length);
      const right = plaintext.startsWith(prefix) && random.length === length;
      return right && random.split('').every((letter) => alphabets[alphabet].includes(letter));
    },
  });
}

function guessable({ length, alphabet }: { length: number; alphabet: AlphabetName }): readonly TargetFault[] {
  const bits = Math.floor(countBits(length, alphabets[alphabet]));
  if (bits >= leastBits) return [];
  return [
    { place: 'target.length', reason: `yields ${String(bits)} bits; at least ${String(leastBits)} are required` },
  ];
}

import { jsonProperties } from '../../gitea/json-properties.ts';
import type { CredentialIssuer, IssueRequest } from '../../rotation/ports/credential-issuer.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { selfIssuer } from './self-issuer.ts';
import { oneOf, optional, wholeNumber } from '../shared/target-fields.ts';
import { targetShape } from '../shared/target-shape.ts';

const encodings = ['base64', 'base64url', 'hexadecimal', 'standard-webhooks'] as const;

const shape = targetShape('hmac-secret', {
  // RFC 2104 advises against keys that are shorter than the hash's output.
  bytes: optional(wholeNumber(32, 128), 32),
  encoding: optional(oneOf(encodings), 'base64'),
  form: optional(oneOf(['one', 'in-turn']), 'one'),
});

/**
 * Issues a key with which one side signs and another verifies. Form `in-turn` publishes
 * `{"previous","current","next"}`: signers use `current`, verifiers accept all three. Verifiers know each key for one
 * whole rotation before a signer uses it, so that no signature is refused in between.
 */
export function hmacSecretIssuer({ randomBytes }: { readonly randomBytes: RandomBytes }): CredentialIssuer {
  return selfIssuer({
    name: 'hmac-secret',
    check: shape.check,
    make: (request) => {
      const { form } = shape.read(request.binding);
      return new SecretValue(form === 'one' ? newKey(request) : JSON.stringify(nextTurn(request)));
    },
    accepts: ({ binding }, value) => {
      const { form, encoding, bytes } = shape.read(binding);
      // The value before the first turn may have any form; keys that Keyturn made may not.
      const keys = form === 'one' ? [value.reveal()] : keysIn(value).slice(1);
      return keys.length > 0 && keys.every((key) => key === null || countBytes(key, encoding) === bytes);
    },
  });

  function newKey({ binding }: IssueRequest): string {
    const { bytes, encoding } = shape.read(binding);
    const key = Buffer.from(randomBytes(bytes));
    if (encoding === 'standard-webhooks') return `whsec_${key.toString('base64')}`;
    return key.toString(encoding === 'hexadecimal' ? 'hex' : encoding);
  }

  function nextTurn(request: IssueRequest): Record<'previous' | 'current' | 'next', string | null> {
    const [, current = null, next = null] = request.current === null ? [] : keysIn(request.current);
    // The first rotation has no earlier turn: the single value in force stays acceptable as `previous`.
    if (next === null)
      return { previous: request.current?.reveal() ?? null, current: newKey(request), next: newKey(request) };
    return { previous: current, current: next, next: newKey(request) };
  }
}

/** Previous, current and next, or none if the value does not have that form. */
function keysIn(value: SecretValue): readonly (string | null)[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value.reveal());
  } catch {
    // A key of form `one`: not JSON.
    return [];
  }
  const keys = jsonProperties(parsed);
  if (!keys.has('current') || !keys.has('next')) return [];
  return ['previous', 'current', 'next'].map((name) => textOrNull(keys.get(name)));
}

function textOrNull(given: unknown): string | null {
  return typeof given === 'string' ? given : null;
}

function countBytes(key: string, encoding: (typeof encodings)[number]): number {
  if (encoding === 'hexadecimal') return /^[0-9a-f]*$/.test(key) ? key.length / 2 : 0;
  const text = encoding === 'standard-webhooks' ? key.replace(/^whsec_/, '') : key;
  return Buffer.from(text, encoding === 'base64url' ? 'base64url' : 'base64').length;
}

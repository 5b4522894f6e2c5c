import type { CredentialIssuer } from '../../rotation/ports/credential-issuer.ts';
import { newOpensshKey, opensshPublicLine } from '../gitea/openssh-key.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { selfIssuer } from './self-issuer.ts';
import { optional, text } from '../shared/target-fields.ts';
import { targetShape } from '../shared/target-shape.ts';

const shape = targetShape('ssh-key-pair', {
  comment: optional(text(/[\w.@-]{0,100}/, 'letters, digits or _ . @ -'), ''),
});

/**
 * Issues an Ed25519 key pair; its readers install the public half themselves. The value is the private key in OpenSSH's
 * form, including the public half.
 */
export function sshKeyPairIssuer({ randomBytes }: { readonly randomBytes: RandomBytes }): CredentialIssuer {
  return selfIssuer({
    name: 'ssh-key-pair',
    check: shape.check,
    make: ({ binding }) => newOpensshKey(shape.read(binding).comment, randomBytes),
    accepts: (_, value) => opensshPublicLine(value) !== null,
  });
}

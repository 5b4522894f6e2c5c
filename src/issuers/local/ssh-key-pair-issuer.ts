import type { CredentialIssuer } from '../../rotation/ports/credential-issuer.ts';
import { newOpensshKey, opensshPublicLine } from '../gitea/openssh-key.ts';
import type { RandomBytes } from '../shared/random-text.ts';
import { selfIssuer } from './self-issuer.ts';
import { optional, text } from '../shared/target-fields.ts';
import { targetShape } from '../shared/target-shape.ts';

const shape = targetShape('ssh-key-pair', {
  comment: optional(text(/[\w.@-]{0,100}/, 'letters, digits or _ . @ -'), ''),
});

/** An Ed25519 key pair whose readers install the public half themselves. The value is the private key as OpenSSH writes it, public half included. */
export function sshKeyPairIssuer({ randomBytes }: { readonly randomBytes: RandomBytes }): CredentialIssuer {
  return selfIssuer({
    name: 'ssh-key-pair',
    check: shape.check,
    make: ({ binding }) => newOpensshKey(shape.read(binding).comment, randomBytes),
    accepts: (_, value) => opensshPublicLine(value) !== null,
  });
}

import { providerCredentialIn } from '../../secrets/made-by-provider.ts';
import { recogniseName } from './recognise-name.ts';
import { recogniseTags } from './recognise-tags.ts';
import type { Recognition, Sighting } from './recognition.ts';
import { plainWords } from './words-in-names.ts';

/**
 * Says which issuer could replace a secret, or why none is proposed. Tags are stronger than names; a name decides only where
 * its words and the content type agree. Whoever may set a secret can write its tags, so each recognition is a proposal for a
 * person to read, and never binds by itself.
 */
export function recogniseSecret(sighting: Sighting): Recognition {
  const { name, contentType, managed } = sighting.secret;
  if (managed === true) {
    return { kind: 'managed', confidence: 'high', because: 'Key Vault itself renews it, with its certificate' };
  }
  if (contentType === 'application/x-pkcs12') {
    const because = 'its content type is that of a certificate, which Key Vault or an authority makes';
    return { kind: 'managed', confidence: 'medium', because };
  }
  const found = recogniseTags(sighting) ?? recogniseName(sighting);
  if (found !== null) return found;
  const kind = providerCredentialIn(plainWords(name)) ?? providerCredentialIn(contentType ?? '');
  if (kind !== null) {
    return { kind: 'track', confidence: 'low', because: `it seems to be ${kind}, which its provider makes` };
  }
  return {
    kind: 'unknown',
    confidence: 'low',
    because: 'neither name, content type, tags nor readers tell what it is',
  };
}

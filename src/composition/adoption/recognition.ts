import type { SecretVersion } from '../../rotation/ports/secret-store.ts';
import type { TargetValue } from '../../secrets/policy.ts';

/** How much a proposal leans on: a provider's own id, two signs that agree, or a word in a name. */
export type Confidence = 'high' | 'medium' | 'low';

/** What a secret is taken for, from its properties and its readers. No value is ever read for it. */
export type Recognition =
  | {
      readonly kind: 'issuer';
      readonly issuer: string;
      /** What is known of the target; the issuer's own rules say what is missing. */
      readonly target: Readonly<Record<string, TargetValue>>;
      readonly confidence: Confidence;
      readonly because: string;
    }
  /** `track`: a provider makes the value and no issuer can. `managed`: it belongs to a certificate of Key Vault. */
  | { readonly kind: 'track' | 'managed' | 'unknown'; readonly confidence: Confidence; readonly because: string };

/** What a recognition may use. */
export interface Sighting {
  readonly secret: Pick<SecretVersion, 'name' | 'contentType' | 'tags' | 'managed'>;
  /** `owner/name` of the repositories whose jobs read it, most reads first. */
  readonly repositories: readonly string[];
  /** The Gitea of the settings, without a trailing slash; `null` if there is none. */
  readonly giteaUrl: string | null;
}

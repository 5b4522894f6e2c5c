import type { TargetRules } from '../../issuers/checked-targets.ts';
import type { SecretVersion } from '../../rotation/ports/secret-store.ts';
import type { ActionsSecret } from './find-actions-secrets.ts';
import type { RepositoryReads, SeenIdentity } from './find-readers.ts';
import type { Confidence, Recognition } from './recognition.ts';

/** A secret as it is found, by the short name of its vault, with the repositories that read it, most reads first. */
export interface FoundSecret {
  readonly vault: string;
  readonly secret: SecretVersion;
  readonly readers?: readonly RepositoryReads[];
}

/** What is known beside the secrets. */
export interface Surroundings {
  readonly rules: TargetRules;
  readonly giteaUrl: string | null;
  readonly identities: readonly SeenIdentity[];
  readonly actionsSecrets: readonly ActionsSecret[];
  /** The role in the policy of the identity that reads the canary. */
  readonly ownRole: 'rotator' | 'reporter';
}

/** What is proposed for one secret, for programs. */
export interface ProposedSecret {
  /** `vault/name`, as the vault writes it. */
  readonly secret: string;
  readonly kind: Recognition['kind'];
  readonly issuer: string | null;
  /** What the issuer still needs to be told, in its own words; a proposal with any is only tracked until then. */
  readonly missing: readonly string[];
  readonly confidence: Confidence;
  readonly because: string;
}

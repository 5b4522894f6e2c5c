import type { CredentialIssuer } from '../../src/rotation/ports/credential-issuer.ts';
import type { SecretBinding, TargetValue } from '../../src/secrets/policy.ts';
import type { SecretValue } from '../../src/secrets/secret-value.ts';

/** A provider that is new for each test, seen past the issuer. */
export interface IssuerWorld {
  readonly issuer: CredentialIssuer;
  readonly binding: SecretBinding;
  /** Targets that must be refused before anything is sent. */
  readonly wrongTargets: readonly Readonly<Record<string, TargetValue>>[];
  readonly current: SecretValue | null;
  readonly currentCredentialId: string | null;
  /** Whether a value opens the provider, asked without the issuer. `null`: there is no provider. */
  readonly opens: ((value: SecretValue) => Promise<boolean>) | null;
  /** How many requests or sessions the provider has seen. */
  readonly calls: () => number;
  /** Has the provider act on the next write and lose its answer; `null` where no answer can be lost. */
  readonly loseNextAnswer: (() => void) | null;
  /** When the credential that was in force stops working. */
  readonly oldEnds: 'at-issue' | 'at-revoke' | 'never';
  /** Whether the provider keeps a name for each credential, so that it is found again. */
  readonly traceable: boolean;
  /** Credentials of others, as the provider has them: none may change. */
  readonly foreign: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

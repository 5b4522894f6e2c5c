import { randomBytes as systemRandomBytes } from 'node:crypto';
import type { GiteaAuthentication } from '../gitea/gitea-authentication.ts';
import { giteaClient } from '../gitea/gitea-client.ts';
import type { CredentialIssuer } from '../rotation/credential-issuer.ts';
import { generatedIssuer } from './generated-issuer.ts';
import { giteaTokenIssuer } from './gitea-token-issuer.ts';
import type { RandomBytes } from './random-text.ts';
import { unconfiguredIssuer } from './unconfigured-issuer.ts';

/** What the issuers act with. What is left out or `null` makes its issuers say which setting they miss. */
export interface IssuerSurroundings {
  readonly gitea?: {
    readonly url: string;
    /** The bot's: Basic, with its password or a token of its own in the password's place. Asked before each request. */
    readonly authentication: GiteaAuthentication | (() => Promise<GiteaAuthentication>);
  } | null;
  readonly randomBytes?: RandomBytes;
}

/** Every credential issuer, by the name that the policy uses. */
export function issuerCatalogue(surroundings: IssuerSurroundings): ReadonlyMap<string, CredentialIssuer> {
  const { gitea = null, randomBytes = systemRandomBytes } = surroundings;
  const giteaSetting = 'KEYTURN_GITEA_URL and a Gitea credential';
  const issuers: readonly CredentialIssuer[] = [
    generatedIssuer({ randomBytes }),
    gitea === null
      ? unconfiguredIssuer('gitea-token', 'minted', giteaSetting)
      : giteaTokenIssuer({ gitea: giteaClient(gitea) }),
  ];
  return new Map(issuers.map((issuer) => [issuer.name, issuer]));
}

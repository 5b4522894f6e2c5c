import type { AzureCloud } from '../../secrets/azure-cloud.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { GiteaAuthentication } from '../../gitea/gitea-authentication.ts';
import type { OwnReceiver } from './hook-deliveries.ts';
import type { ReadSecret } from './read-secret.ts';
import type { RandomBytes } from './random-text.ts';

/**
 * The secret with the service's own Gitea token. `version`: the version pinned in the settings; `null` for the newest.
 */
export interface OwnToken {
  readonly vault: string;
  readonly name: string;
  readonly version: string | null;
}

/** What issuers and publication places need. If a member is absent or `null`, they name the missing setting. */
export interface IssuerPorts {
  readonly gitea?: {
    readonly url: string;
    /**
     * The bot's Basic authentication, with its password or its own token as the password. Called before each request.
     */
    readonly authentication: GiteaAuthentication | (() => Promise<GiteaAuthentication>);
    /** The secret behind `authentication`, if it is in a vault: rotating it changes the service's own credential. */
    readonly ownToken?: OwnToken | null;
  } | null;
  /** Keyturn's receiver of Gitea webhooks, if it is the receiver. */
  readonly ownReceiver?: OwnReceiver | null;
  /** For issuers that act as an administrator whose login is a secret in a vault. */
  readonly readSecret?: ReadSecret | null;
  /**
   * The rotator's identity, for Azure Resource Manager and Microsoft Graph. The addresses default to its cloud's.
   */
  readonly azure?: {
    readonly tokens: AccessTokens;
    readonly cloud: AzureCloud;
    readonly resourceManager?: string;
    readonly graph?: string;
    readonly authority?: string;
  } | null;
  /** What an issuer of Azure lacks where `azure` is absent, after "needs". Default: the setting of an identity. */
  readonly azureMissing?: string;
  /** Defaults to the system's. */
  readonly randomBytes?: RandomBytes;
}

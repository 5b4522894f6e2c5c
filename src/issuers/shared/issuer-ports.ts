import type { AccessTokens } from './access-tokens.ts';
import type { GiteaAuthentication } from '../../gitea/gitea-authentication.ts';
import type { OwnReceiver } from './hook-deliveries.ts';
import type { ReadSecret } from './read-secret.ts';
import type { RandomBytes } from './random-text.ts';

/** The secret that the service's own Gitea token is read from. `version`: the one that the settings pin, `null` for the newest. */
export interface OwnToken {
  readonly vault: string;
  readonly name: string;
  readonly version: string | null;
}

/** What issuers and publication places act with. What is left out or `null` makes them say which setting they miss. */
export interface IssuerPorts {
  readonly gitea?: {
    readonly url: string;
    /** The bot's: Basic, with its password or a token of its own in the password's place. Asked before each request. */
    readonly authentication: GiteaAuthentication | (() => Promise<GiteaAuthentication>);
    /** The secret that `authentication` is read from, when it is one of a vault: rotating it changes what the service itself acts with. */
    readonly ownToken?: OwnToken | null;
  } | null;
  /** Where Keyturn receives Gitea's webhooks, when it is the receiver. */
  readonly ownReceiver?: OwnReceiver | null;
  /** For issuers that act as an administrator whose login is a secret of a vault. */
  readonly readSecret?: ReadSecret | null;
  /** The rotator's identity, for Azure Resource Manager and Microsoft Graph. The addresses are those of the public cloud when left out. */
  readonly azure?: {
    readonly tokens: AccessTokens;
    readonly resourceManager?: string;
    readonly graph?: string;
    readonly authority?: string;
  } | null;
  /** Left out: the system's. */
  readonly randomBytes?: RandomBytes;
}

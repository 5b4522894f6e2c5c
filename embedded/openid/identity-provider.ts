/** A person with an account, as in an ID token. */
export interface ProviderPerson {
  /** The account's id: it stays when the name changes. */
  readonly subject: string;
  readonly name: string;
  /** Organisations and `organisation:team`, as Gitea tells them. */
  readonly groups: readonly string[];
}

/** Deviations that a test asks for; each stays until it is set again. */
export interface ProviderFaults {
  /** The token endpoint breaks off. */
  readonly tokenLost?: boolean;
  readonly nonce?: string;
  /** What userinfo says instead of the token's subject. */
  readonly userinfoSubject?: string;
  readonly userinfoStatus?: number;
  /** Further claims of every ID token, such as `roles`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/**
 * An OpenID provider that answers as Gitea 1.26.3 does: authorization code with PKCE S256 for one confidential client. A
 * first consent is kept, and its scopes count for every later sign-in of that account, whatever is asked for then.
 */
export interface EmbeddedIdentityProvider {
  /** The issuer: `http://localhost:PORT`. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Adds an account, or changes the name and groups of the account with this subject. */
  define(person: ProviderPerson): void;
  /** What the person's browser gets who opens this address and signs in as `name`: the address that it is sent back to. */
  visit(address: string, name: string): Promise<string>;
  /** The person revokes the consent in their settings. */
  revokeConsent(name: string): void;
  misbehave(faults: ProviderFaults): void;
  stop(): Promise<void>;
}

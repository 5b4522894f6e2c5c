/** Who may ask for tokens. Object ids are what rows carry and policies name. */
export interface Principal {
  readonly name: string;
  readonly objectId: string;
  readonly clientId: string;
  /**
   * `person`: a delegated token with a user name; asked for through `tokenFor` alone.
   * `service-principal`: an application of the embedded Entra, which alone defines it.
   */
  readonly kind: 'managed-identity' | 'person' | 'service-principal';
  readonly userPrincipalName?: string;
  /** The address that the vault sees its requests come from. */
  readonly address: string;
}

/** The token endpoint of the embedded cloud (IMDS protocol). It signs nothing: tokens are known by being remembered. */
export interface EmbeddedIdentity {
  /**
   * Value for AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://127.0.0.1:PORT`.
   * `@azure/identity` keeps the first one that a process used, for good: one embedded cloud a process where that client is used.
   */
  readonly url: string;
  define(
    principal: Omit<Principal, 'objectId' | 'clientId'> & Partial<Pick<Principal, 'objectId' | 'clientId'>>,
  ): Principal;
  /** A token without the endpoint, for stories in which a person reads. */
  tokenFor(principal: Principal, resource: string): string;
  principals(): readonly Principal[];
}

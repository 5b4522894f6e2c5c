/** Principals that may request tokens. Rows contain their object ids, and policies name them. */
export interface Principal {
  readonly name: string;
  readonly objectId: string;
  readonly clientId: string;
  /**
   * `person`: a delegated token with a user name; only available through `tokenFor`. `service-principal`: an
   * application, defined only through the embedded Entra.
   */
  readonly kind: 'managed-identity' | 'person' | 'service-principal';
  readonly userPrincipalName?: string;
  /** The address from which the vault sees its requests. */
  readonly address: string;
}

/** The token endpoint of the embedded cloud (IMDS protocol). It signs nothing; tokens are recognised from memory. */
export interface EmbeddedIdentity {
  /**
   * Value for AZURE_POD_IDENTITY_AUTHORITY_HOST: `http://127.0.0.1:PORT`. `@azure/identity` keeps the first value that
   * a process used, so use only one embedded cloud per process with that client.
   */
  readonly url: string;
  define(
    principal: Omit<Principal, 'objectId' | 'clientId'> & Partial<Pick<Principal, 'objectId' | 'clientId'>>,
  ): Principal;
  /** Returns a token without the endpoint, for stories in which a person reads. */
  tokenFor(principal: Principal, resource: string): string;
  principals(): readonly Principal[];
}

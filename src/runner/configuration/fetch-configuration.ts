/** Which identity the helper uses. Always exactly one, chosen by the runner's operator; nothing is guessed. */
export type IdentityConfiguration =
  | {
      readonly kind: 'managed-identity';
      /** Of a user-assigned identity; `null` takes the machine's only one. */
      readonly clientId: string | null;
      /** Address of the metadata service; another than Azure's own must be loopback. */
      readonly endpoint: string;
    }
  | {
      readonly kind: 'workload-identity';
      readonly tenantId: string;
      readonly clientId: string;
      /** File that holds the federated token, or `null` to ask the Gitea's id-token endpoint for one. */
      readonly tokenFile: string | null;
      readonly audience: string;
      readonly authority: string;
    }
  | {
      readonly kind: 'service-principal';
      readonly tenantId: string;
      readonly clientId: string;
      /** File that holds the client secret, or the variable of the job's environment that does. */
      readonly secretFile: string | null;
      readonly secretVariable: string | null;
      /** PEM with certificate and private key. */
      readonly certificateFile: string | null;
      readonly authority: string;
    };

export interface VaultConfiguration {
  /** Short name, lower-case. */
  readonly name: string;
  /** Without a trailing slash. */
  readonly url: string;
}

/** What the runner's operator says, in one root-owned file that the runner mounts. A job cannot change it. */
export interface FetchConfiguration {
  readonly format: 1;
  /** Where receipts are posted; `null` leaves them in the job's log alone. */
  readonly service: string | null;
  /** Gitea's public address, as the service's settings give it. */
  readonly gitea: string;
  readonly vaults: readonly VaultConfiguration[];
  readonly identity: IdentityConfiguration;
  /** `auto`: digests in public repositories and for forks, names elsewhere. */
  readonly names: 'auto' | 'plain' | 'opaque';
  /** What happens to reads that cannot be tied to a job. */
  readonly withoutJob: 'warn' | 'refuse';
  /** Domains beside Azure's that a vault may lie in. */
  readonly vaultDomains: readonly string[];
  /** Variables of the job's environment that are let through although they could redirect this helper. */
  readonly allowVariables: readonly string[];
  /** PEM file of a further authority that vault, token endpoint and service may be certified by. */
  readonly authorityFile: string | null;
  /** What an agent may run with secrets: absolute paths. */
  readonly agentCommands: readonly string[];
}

import type { AzureCloud } from '../../secrets/azure-cloud.ts';

/** No identity in Azure: the service reads in the job's place, for jobs that Gitea confirms. */
export interface BrokerConfiguration {
  readonly kind: 'broker';
  /** A folder in memory that every container of a job shares, for the job's key. */
  readonly keys: string;
  /** Whether `exec --use` runs a command where it cannot jail it: `cooperative` keeps it to the broker by variables alone. */
  readonly jail: 'required' | 'cooperative';
}

/** How the helper gets at secrets. The runner's operator configures exactly one way; the helper never guesses. */
export type IdentityConfiguration = AzureIdentity | BrokerConfiguration;

/** An identity of the helper's own in Azure. */
export type AzureIdentity =
  | {
      readonly kind: 'managed-identity';
      /** The client id of a user-assigned identity; `null` uses the machine's only identity. */
      readonly clientId: string | null;
      /** Address of the metadata service; any address other than Azure's own must be loopback. */
      readonly endpoint: string;
    }
  | {
      readonly kind: 'workload-identity';
      readonly tenantId: string;
      readonly clientId: string;
      /** File with the federated token, or `null` to request one from Gitea's id-token endpoint. */
      readonly tokenFile: string | null;
      readonly audience: string;
      readonly authority: string;
    }
  | {
      readonly kind: 'service-principal';
      readonly tenantId: string;
      readonly clientId: string;
      /** File with the client secret, or the variable of the job's environment with it. */
      readonly secretFile: string | null;
      readonly secretVariable: string | null;
      /** PEM with certificate and private key. */
      readonly certificateFile: string | null;
      readonly authority: string;
    }
  | {
      /** A person on their own machine, signed in with `az login`. */
      readonly kind: 'azure-cli';
      /** `null` uses the tenant of the Azure CLI's own subscription. */
      readonly tenantId: string | null;
    }
  | {
      /** A person on their own machine, who enters a code in a browser. */
      readonly kind: 'device-code';
      readonly tenantId: string;
      /** A public client of the tenant, or the Azure CLI's own. */
      readonly clientId: string;
      readonly authority: string;
    };

export interface VaultConfiguration {
  /** Short name, lower-case. */
  readonly name: string;
  /** Without a trailing slash. With a broker: the service, which reads in the job's place. */
  readonly url: string;
}

/**
 * The operator's configuration, in one root-owned file that the runner mounts, which a job cannot change; or a person's
 * own, which only counts outside a job.
 */
export interface FetchConfiguration {
  readonly format: 1;
  /** The cloud of Azure with the vaults and the identity. */
  readonly cloud: AzureCloud;
  /** The service that receives receipts; `null` writes them only to the job's log. */
  readonly service: string | null;
  /** Gitea's public address, the same as in the service's settings; `null` in a person's own configuration. */
  readonly gitea: string | null;
  readonly vaults: readonly VaultConfiguration[];
  readonly identity: IdentityConfiguration;
  /** `auto`: digests in public repositories and for forks, names elsewhere. */
  readonly names: 'auto' | 'plain' | 'opaque';
  /** How to treat reads that cannot be tied to a job. */
  readonly withoutJob: 'warn' | 'refuse';
  /** Allowed vault domains in addition to Azure's. */
  readonly vaultDomains: readonly string[];
  /** Variables of the job's environment that are allowed although they could redirect this helper. */
  readonly allowVariables: readonly string[];
  /** PEM file of a further certificate authority for vault, token endpoint and service. */
  readonly authorityFile: string | null;
}

import type { LogLevel } from './log/logger.ts';
import type { SecretReference, Vault } from './secrets/secret-reference.ts';
import type { SecretValue } from './secrets/secret-value.ts';

/** A secret among the settings: given as it is (or resolved by the platform), or where to read it. `resolveSetting` gives the value. */
export type SecretSetting =
  | { readonly kind: 'value'; readonly value: SecretValue }
  /** `vaultUrl` without a trailing slash; `version` is `null` where the latest is meant. */
  | { readonly kind: 'reference'; readonly vaultUrl: string; readonly name: string; readonly version: string | null };

/** Who Keyturn is for Azure. Chosen, never guessed from what happens to be there. */
export type IdentitySettings =
  | {
      readonly kind: 'managed-identity';
      /** `null`: the one that the system assigned. */
      readonly clientId: string | null;
      /** Embedded cloud only: `http://127.0.0.1:PORT`, where tokens are asked for. */
      readonly endpoint: string | null;
    }
  | {
      readonly kind: 'workload-identity';
      readonly tenantId: string;
      readonly clientId: string;
      readonly tokenFile: string;
    }
  | {
      readonly kind: 'client-secret';
      readonly tenantId: string;
      readonly clientId: string;
      readonly clientSecret: SecretValue;
    }
  | {
      readonly kind: 'client-certificate';
      readonly tenantId: string;
      readonly clientId: string;
      /** A PEM file with certificate and private key. */
      readonly certificateFile: string;
    };

export interface GiteaSettings {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: SecretSetting;
  /** `null`: deliveries are refused, jobs are found by asking alone. */
  readonly webhookSecret: SecretSetting | null;
}

export interface LogSettings {
  readonly workspaceId: string;
  /** `null`: Azure's public one. Without a trailing slash and without `/v1`. */
  readonly endpoint: string | null;
  /** Embedded cloud only: a PEM file of the certificate that its log service shows. */
  readonly certificateFile: string | null;
}

export interface OpenIdSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: SecretSetting;
  /** What is asked for, `openid` among it. */
  readonly scope: string;
  /** The claim that gives roles: `roles`, `groups`, or a path such as `realm_access.roles`. */
  readonly claim: string;
  /** Whether values of the claim are compared without regard to case, as Gitea compares names. */
  readonly ignoresCase: boolean;
}

/** Values of the claim that make a role, or names of application roles; none where nobody is to have it. */
export interface PortalRoles {
  readonly auditor: readonly string[];
  readonly operator: readonly string[];
}

/** Which half of the work this process does: who acts does not attest. `all` is for small teams, and the report says so. */
type ServiceRole = 'rotate' | 'report' | 'all';

export type ReportInterval = 'month' | 'quarter' | 'year';

/** All that an operator can set, checked. One `KEYTURN_…` variable each; docs/settings.md lists them. */
export interface Settings {
  /** At least one; names and addresses differ from each other. */
  readonly vaults: readonly Vault[];
  /** Where pending values wait; `null`: in the vault of the secret itself. */
  readonly stagingVault: Vault | null;
  /** `null`: no jobs are known, so nothing can be tied to one. */
  readonly gitea: GiteaSettings | null;
  /** `null`: no reads are known. */
  readonly log: LogSettings | null;
  readonly identity: IdentitySettings;
  readonly records:
    | { readonly kind: 'folder'; readonly directory: string }
    | { readonly kind: 'blob'; readonly containerUrl: string };
  /** `null`: observe mode. */
  readonly policyFile: string | null;
  readonly role: ServiceRole;
  /** Whether the SDK clients may talk to plain and self-signed endpoints; for loopback addresses alone. */
  readonly embedded: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where people reach the portal: `https://keyturn.example.org`, no trailing slash; `null`: at `listen`, on loopback. */
  readonly publicUrl: string | null;
  /** Name of the secret that is read once an hour in every vault, so that an hour without a row is seen as a gap. */
  readonly canarySecret: string;
  /** The secret that holds the key of the MAC over staged values; `null` where the role is `report`, which may not read it. */
  readonly stagingKeySecret: SecretReference | null;
  /** With records in a folder there is always one, made at first use. `null`: no pack can be sealed; always so where the role is `rotate`. */
  readonly signingKey:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'key-vault'; readonly keyId: string }
    | null;
  /** Printed on reports. */
  readonly organisation: string | null;
  /** Reports that are made by themselves when their period has passed. */
  readonly reportPeriods: readonly ReportInterval[];
  readonly openId: OpenIdSettings | null;
  /** In OpenID's and in the platform's claims alike. */
  readonly portalRoles: PortalRoles;
  /** `null`: `x-ms-client-principal` counts for nothing. Else the tenant that its claims must name. */
  readonly platformAuthentication: { readonly tenantId: string } | null;
  /** What a token on `POST /events/key-vault` must carry when self-hosted; `null`: that route refuses everything. */
  readonly eventGrid: { readonly audience: string; readonly tenantId: string } | null;
  /** Where people are told; `null`: nowhere. */
  readonly notifications: { readonly url: string; readonly secret: SecretSetting } | null;
  /** `format`: `null` is readable on a terminal, and JSON elsewhere. */
  readonly logging: { readonly level: LogLevel; readonly format: 'json' | 'readable' | null };
  /** Stops every rotation and revocation before its next outside act. */
  readonly killSwitch: boolean;
}

import type { LogLevel } from './log/logger.ts';
import type { RetentionRules } from './retention/retention-kinds.ts';
import type { AzureCloud } from './secrets/azure-cloud.ts';
import type { SecretReference, Vault } from './secrets/secret-reference.ts';
import type { SecretValue } from './secrets/secret-value.ts';

/** A secret among the settings: the value itself (or resolved by the platform), or where to read it. `settingResolver` returns the value. */
export type SecretSetting =
  | { readonly kind: 'value'; readonly value: SecretValue }
  /** `vaultUrl` without a trailing slash; `version` is `null` for the newest. */
  | { readonly kind: 'reference'; readonly vaultUrl: string; readonly name: string; readonly version: string | null };

/** Keyturn's identity in Azure. The operator chooses it; it is never guessed from the environment. */
export type IdentitySettings =
  | {
      readonly kind: 'managed-identity';
      /** `null`: the system-assigned one. */
      readonly clientId: string | null;
      /** Embedded cloud only: `http://127.0.0.1:PORT`, where it requests tokens. */
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
  /** `null`: Keyturn refuses deliveries and finds jobs only by polling. */
  readonly webhookSecret: SecretSetting | null;
}

export interface LogSettings {
  readonly workspaceId: string;
  /** `null`: the cloud's own. Without a trailing slash and without `/v1`. */
  readonly endpoint: string | null;
  /** Embedded cloud only: a PEM file with the certificate of its log service. */
  readonly certificateFile: string | null;
  /** Which of Azure's packages asks. */
  readonly client: 'monitor-query' | 'monitor-query-logs';
}

/** Where the embedded cloud has Resource Manager and Graph; `null`: the cloud's own, or in the embedded cloud none. */
interface ManagementSettings {
  readonly resourceManager: string | null;
  readonly graph: string | null;
}

export interface OpenIdSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: SecretSetting;
  /** The scope to request; it contains `openid`. */
  readonly scope: string;
  /** The claim that holds roles: `roles`, `groups`, or a path such as `realm_access.roles`. */
  readonly claim: string;
  /** Whether values of the claim are compared without regard to case, as Gitea compares names. */
  readonly ignoresCase: boolean;
}

/** Values of the claim that make a role, or names of application roles; empty if no one has the role. */
export interface PortalRoles {
  readonly auditor: readonly string[];
  readonly operator: readonly string[];
}

/** Which part of the work this process does, because the process that acts does not attest, and the one that serves values does neither. `all` is for small teams, and the report says so. */
type ServiceRole = 'rotate' | 'report' | 'broker' | 'all';

export type ReportInterval = 'month' | 'quarter' | 'year';

/** A server that takes mail, and who writes to whom. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `if-offered` only for this machine. */
  readonly encryption: 'from-the-start' | 'required' | 'if-offered';
  readonly account: { readonly user: string; readonly password: SecretSetting } | null;
  readonly from: string;
  /** Who is told of what needs a person. */
  readonly to: readonly string[];
  /** Who is told of reports. */
  readonly auditor: readonly string[];
}

/** Where people are told; all `null`: nowhere. */
export interface NotificationSettings {
  readonly webhook: { readonly url: string; readonly secret: SecretSetting } | null;
  /** The address of an incoming webhook, which is a secret. */
  readonly slack: SecretSetting | null;
  /** The address of a workflow, which is a secret. */
  readonly teams: SecretSetting | null;
  readonly mail: MailSettings | null;
  /** `repository`: `owner/name`. */
  readonly gitea: { readonly url: string; readonly repository: string; readonly token: SecretSetting } | null;
  /** When nothing but what is urgent is sent: `HH:MM` in the time zone; `null`: never. */
  readonly quiet: { readonly from: string; readonly to: string } | null;
  /** When mail, Slack and Teams get what is not urgent as one message, `HH:MM`; `null`: each at once. */
  readonly digestAt: string | null;
}

/** Everything that an operator can set, checked. One `KEYTURN_…` variable each; docs/settings.md lists them. */
export interface Settings {
  /** At least one; names and addresses are unique. */
  readonly vaults: readonly Vault[];
  /** Where pending values are kept; `null`: in the vault of the secret itself. */
  readonly stagingVault: Vault | null;
  /** `null`: no jobs are known, so nothing can be tied to one. */
  readonly gitea: GiteaSettings | null;
  /** `null`: no reads are known. */
  readonly log: LogSettings | null;
  /** The container of the storage archive, read beside the workspace or in its place; `null`: none. No trailing slash. */
  readonly logArchive: string | null;
  readonly management: ManagementSettings;
  readonly identity: IdentitySettings;
  readonly records:
    | { readonly kind: 'folder'; readonly directory: string }
    | {
        readonly kind: 'blob';
        readonly containerUrl: string;
        /** For packs and their index; `null`: among the other records. */
        readonly packsUrl: string | null;
      };
  /** `null`: observe mode. */
  readonly policyFile: string | null;
  /** `null`: reports carry the frameworks' control ids alone. */
  readonly controlsFile: string | null;
  readonly role: ServiceRole;
  /** Whether the SDK clients may talk to plain and self-signed endpoints; for loopback addresses alone. */
  readonly embedded: boolean;
  /** Which of Azure's clouds everything lies in. */
  readonly cloud: AzureCloud;
  readonly listen: { readonly host: string; readonly port: number };
  /** Where this machine reads figures for Prometheus; `null`: nowhere. */
  readonly metricsPort: number | null;
  /** Where people reach the portal: `https://keyturn.example.org`, no trailing slash; `null`: at `listen`, on loopback. */
  readonly publicUrl: string | null;
  /** Name of the secret that is read once an hour in every vault, so that an hour without a row is seen as a gap. */
  readonly canarySecret: string;
  /** Keyturn's own secrets among those of the vaults, `vault/name`, lower-case: no job may have them. */
  readonly ownSecrets: ReadonlySet<string>;
  /** The secret that holds the key of the MAC over staged values; `null` for the roles that may not read it. */
  readonly stagingKeySecret: SecretReference | null;
  /** With records in a folder there is always one, created at first use. `null`: no pack can be sealed, as in the roles `rotate` and `broker`. */
  readonly signingKey:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'key-vault'; readonly keyId: string }
    | null;
  /** Printed on reports. */
  readonly organisation: string | null;
  /** Reports that Keyturn produces when their period has passed. */
  readonly reportPeriods: readonly ReportInterval[];
  /** How long each kind of record is kept. */
  readonly retention: RetentionRules;
  readonly openId: OpenIdSettings | null;
  /** In OpenID's and in the platform's claims alike. */
  readonly portalRoles: PortalRoles;
  /** `null`: `x-ms-client-principal` is not trusted. Otherwise the tenant that its claims must name. */
  readonly platformAuthentication: { readonly tenantId: string } | null;
  /** What a token on `POST /events/key-vault` must carry when self-hosted; `null`: that route refuses every request. */
  readonly eventGrid: { readonly audience: string; readonly tenantId: string } | null;
  readonly notifications: NotificationSettings;
  /** The IANA name of the zone of the schedule, quiet hours and digests. */
  readonly timeZone: string;
  /** `format`: `null` is readable on a terminal, and JSON elsewhere. */
  readonly logging: { readonly level: LogLevel; readonly format: 'json' | 'readable' | null };
  /** Stops every rotation and revocation before its next external call. */
  readonly killSwitch: boolean;
}

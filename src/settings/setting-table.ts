/** One thing that an operator can set. */
export interface SettingRow {
  /** What it does, for docs/settings.md. */
  readonly says: string;
  /** What counts when it is not given; `null`: nothing does, or it is needed. */
  readonly otherwise: string | null;
  /** An example that local.settings.example.json carries; empty for what a first installation leaves out. */
  readonly example: string;
}

/** Every variable that Keyturn reads, in the order of docs/settings.md. A `KEYTURN_…` variable that is not here is a fault. */
export const settingTable = {
  KEYTURN_VAULTS: {
    says: 'The vaults, separated by commas: `URL`, or `RESOURCE_ID=URL` with the Azure Resource Manager id. The short name of a vault is the last part of its resource id, or else the first part of its host.',
    otherwise: null,
    example:
      '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/keyturn/providers/Microsoft.KeyVault/vaults/kv-prod=https://kv-prod.vault.azure.net',
  },
  KEYTURN_STAGING_VAULT: {
    says: 'The vault in which pending values wait, written as one of `KEYTURN_VAULTS`. A runner must not be able to read it.',
    otherwise: "the secret's own vault",
    example: '',
  },
  KEYTURN_GITEA_URL: {
    says: 'The address of Gitea. Plain http only for this machine and for names without a dot.',
    otherwise: 'no job is known, and no read can be tied to one',
    example: 'https://gitea.example.org',
  },
  KEYTURN_GITEA_TOKEN: {
    says: 'A token that may read repositories, their Actions and users. Secret.',
    otherwise: null,
    example: 'https://kv-prod.vault.azure.net/secrets/keyturn-gitea-token',
  },
  KEYTURN_GITEA_WEBHOOK_SECRET: {
    says: 'The secret under which Gitea signs deliveries to `/events/gitea`. Secret.',
    otherwise: 'Keyturn refuses deliveries and finds jobs only by polling',
    example: 'https://kv-prod.vault.azure.net/secrets/keyturn-gitea-webhook-secret',
  },
  KEYTURN_LOG_WORKSPACE_ID: {
    says: "The id of the Log Analytics workspace that holds the vaults' audit log.",
    otherwise: 'no read is known',
    example: '00000000-0000-0000-0000-000000000000',
  },
  KEYTURN_LOG_ENDPOINT: {
    says: 'The address of the log service, for the embedded cloud or a private address.',
    otherwise: 'that of the cloud',
    example: '',
  },
  KEYTURN_LOG_CLIENT: {
    says: "Which of Azure's packages asks the log service: `monitor-query`, or its successor `monitor-query-logs`.",
    otherwise: '`monitor-query`',
    example: '',
  },
  KEYTURN_LOG_CERTIFICATE: {
    says: 'A PEM file with the certificate of the log service in the embedded cloud.',
    otherwise: null,
    example: '',
  },
  KEYTURN_LOG_ARCHIVE: {
    says: "The container of the vaults' audit log in a storage account, `https://ACCOUNT.blob.core.windows.net/insights-logs-auditevent`, read beside the workspace, and compared with it, or in its place. Each vault then needs its resource id.",
    otherwise: 'the log comes from the workspace',
    example: '',
  },
  KEYTURN_RESOURCE_MANAGER_ENDPOINT: {
    says: 'Where the embedded cloud has Azure Resource Manager.',
    otherwise: 'that of the cloud; in the embedded cloud nobody looks at grants',
    example: '',
  },
  KEYTURN_GRAPH_ENDPOINT: {
    says: 'Where the embedded cloud has Microsoft Graph.',
    otherwise: 'that of the cloud',
    example: '',
  },
  KEYTURN_IDENTITY_KIND: {
    says: 'The identity of Keyturn in Azure: `managed-identity`, `workload-identity`, `client-secret` or `client-certificate`. Keyturn never guesses it.',
    otherwise: null,
    example: 'managed-identity',
  },
  KEYTURN_IDENTITY_CLIENT_ID: {
    says: 'The client id of that identity.',
    otherwise: 'for a managed identity: the system-assigned one',
    example: '00000000-0000-0000-0000-000000000000',
  },
  KEYTURN_IDENTITY_TOKEN_FILE: {
    says: 'For `workload-identity`: the file that holds the token of the platform.',
    otherwise: null,
    example: '',
  },
  KEYTURN_IDENTITY_CLIENT_SECRET: {
    says: 'For `client-secret`. Secret; it cannot be a reference that Keyturn resolves, because it opens the vault.',
    otherwise: null,
    example: '',
  },
  KEYTURN_IDENTITY_CERTIFICATE_FILE: {
    says: 'For `client-certificate`: a PEM file with the certificate and its private key.',
    otherwise: null,
    example: '',
  },
  KEYTURN_IDENTITY_ENDPOINT: {
    says: 'Where the embedded cloud issues tokens.',
    otherwise: null,
    example: '',
  },
  KEYTURN_TENANT_ID: {
    says: "The Entra tenant: of `workload-identity`, `client-secret` and `client-certificate`, and the one that the platform's claims must name.",
    otherwise: null,
    example: '00000000-0000-0000-0000-000000000000',
  },
  KEYTURN_DATA: {
    says: 'A folder on a local disk for all records. Either this or `KEYTURN_BLOB_CONTAINER`.',
    otherwise: null,
    example: '',
  },
  KEYTURN_BLOB_CONTAINER: {
    says: 'A Blob container for all records: `https://ACCOUNT.blob.core.windows.net/CONTAINER`.',
    otherwise: null,
    example: 'https://keyturnrecords.blob.core.windows.net/records',
  },
  KEYTURN_PACK_CONTAINER: {
    says: 'A Blob container for sealed packs and their index alone, so that an immutability policy can hold it for years: `https://ACCOUNT.blob.core.windows.net/CONTAINER`. Only with `KEYTURN_BLOB_CONTAINER`, and set before the first pack: packs are not moved.',
    otherwise: 'packs are in the container of all records',
    example: '',
  },
  KEYTURN_POLICY: {
    says: 'The policy file.',
    otherwise:
      'observe mode: Keyturn reports and rotates nothing; refused with `POLICY_MISSING` once there was a policy',
    example: 'keyturn.policy.yml',
  },
  KEYTURN_CONTROLS: {
    says: 'The file that maps your own control ids to those of the frameworks, leaves controls out and adds some: docs/controls.md.',
    otherwise: "reports carry the frameworks' ids alone",
    example: '',
  },
  KEYTURN_ROLE: {
    says: 'Which part of the work this process does: `rotate`, `report`, `broker` or `all`. The process that acts should not attest, and the one that serves values to jobs should do neither; `all` is for small teams, and the report says so.',
    otherwise: '`all`',
    example: 'all',
  },
  KEYTURN_CLOUD: {
    says: 'The cloud of Azure in which everything lies: `public`, `us-government` or `china`. It gives the authority, Resource Manager, Graph, the domains of vaults and storage, the log service and the issuers of tokens together.',
    otherwise: '`public`',
    example: 'public',
  },
  KEYTURN_EMBEDDED: {
    says: '`on` lets the Azure clients use plain or self-signed addresses, but only of this machine.',
    otherwise: '`off`',
    example: 'off',
  },
  KEYTURN_HOST: {
    says: 'The address to listen on when self-hosted. Beyond this machine it needs single sign-on.',
    otherwise: '`127.0.0.1`',
    example: '127.0.0.1',
  },
  KEYTURN_PORT: {
    says: 'The port to listen on when self-hosted; `0` takes a free one.',
    otherwise: '`7071`',
    example: '7071',
  },
  KEYTURN_PUBLIC_URL: {
    says: 'Where people reach the portal; needed for single sign-on.',
    otherwise: 'where it listens',
    example: 'https://keyturn.example.org',
  },
  KEYTURN_CANARY_SECRET: {
    says: 'The name of a secret that each vault has only for this purpose: Keyturn reads it once an hour, so that an hour without a log row is noticed.',
    otherwise: '`keyturn-canary`',
    example: 'keyturn-canary',
  },
  KEYTURN_STAGING_KEY_SECRET: {
    says: 'The secret with the key that seals staged values, as `NAME` or `VAULT/NAME`. Only the rotator may read it; the role `report` does not use it.',
    otherwise: '`keyturn-staging-key` in the staging vault, or else in the first vault',
    example: 'keyturn-staging-key',
  },
  KEYTURN_SIGNING_KEY: {
    says: 'What seals packs: a PEM file with an Ed25519 key, or the id of a Key Vault key, `https://VAULT/keys/NAME[/VERSION]`. The role `rotate` does not use it.',
    otherwise: 'with `KEYTURN_DATA` a key that Keyturn creates there at first use; with Blob no pack can be sealed',
    example: 'https://kv-evidence.vault.azure.net/keys/keyturn-seal',
  },
  KEYTURN_ORGANISATION: {
    says: 'The name that reports carry.',
    otherwise: 'none',
    example: 'Example Ltd',
  },
  KEYTURN_REPORT_PERIODS: {
    says: 'Reports that Keyturn produces on its own, separated by commas: `month`, `quarter`, `year`; or `none`.',
    otherwise: '`quarter`',
    example: 'quarter',
  },
  KEYTURN_RETENTION: {
    says: 'How long each kind of record is kept, separated by commas: `KIND=DAYSd`, or `KIND=keep` for ever, of `slices`, `jobs`, `receipts`, `looks`, `events`, `journals`, `downloads`, `notifications`. What no final pack holds yet is kept all the same: docs/operations.md.',
    otherwise: '`1095d`; `365d` for `events` and `notifications`',
    example: '',
  },
  KEYTURN_OPENID_ISSUER: {
    says: 'The OpenID issuer whose accounts may sign in.',
    otherwise: 'no single sign-on',
    example: 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
  },
  KEYTURN_OPENID_CLIENT_ID: {
    says: 'The client id of the portal at the issuer.',
    otherwise: null,
    example: '00000000-0000-0000-0000-000000000000',
  },
  KEYTURN_OPENID_CLIENT_SECRET: {
    says: 'The client secret of the portal at the issuer. Secret.',
    otherwise: null,
    example: 'https://kv-evidence.vault.azure.net/secrets/keyturn-openid-client-secret',
  },
  KEYTURN_OPENID_PRESET: {
    says: 'The identity provider whose scope, claim and way to compare names apply: `gitea` or `none`. For `gitea` the scope is `openid profile groups` and the claim `groups`, compared without regard to case.',
    otherwise: '`none`',
    example: '',
  },
  KEYTURN_OPENID_SCOPE: {
    says: 'The scope to request, separated by blanks; it contains `openid`.',
    otherwise: '`openid profile`, or as the preset says',
    example: '',
  },
  KEYTURN_OPENID_CLAIM: {
    says: 'The claim that holds roles; a path such as `realm_access.roles` leads into an object. It is read from the ID token, or else from the userinfo of the same issuer.',
    otherwise: '`roles`, or as the preset says',
    example: '',
  },
  KEYTURN_OPENID_AUDITOR_ROLE: {
    says: 'The values of that claim, or the application roles, of those who may read reports, separated by commas. On Gitea `ORGANISATION:TEAM`.',
    otherwise: '`Keyturn.Auditor`; no one if the claim is not `roles`',
    example: 'Keyturn.Auditor',
  },
  KEYTURN_OPENID_OPERATOR_ROLE: {
    says: 'The same, of those who may also ask for rotations and approve them.',
    otherwise: '`Keyturn.Operator`; no one if the claim is not `roles`',
    example: 'Keyturn.Operator',
  },
  KEYTURN_PLATFORM_AUTHENTICATION: {
    says: '`on` if App Service or Functions authenticate every request themselves; only then is `x-ms-client-principal` trusted. Needs `KEYTURN_TENANT_ID`.',
    otherwise: '`off`',
    example: 'off',
  },
  KEYTURN_EVENT_GRID_AUDIENCE: {
    says: 'The audience that a token on `/events/key-vault` must carry, when self-hosted.',
    otherwise: 'that route refuses every request',
    example: '',
  },
  KEYTURN_EVENT_GRID_TENANT: {
    says: 'The tenant that must issue that token.',
    otherwise: '`KEYTURN_TENANT_ID`',
    example: '',
  },
  KEYTURN_NOTIFY_WEBHOOK_URL: {
    says: 'Where people are told of what needs them: an address that takes Standard Webhooks. Plain http only for this machine and for names without a dot.',
    otherwise: 'nobody is told; the log and the portal show it',
    example: '',
  },
  KEYTURN_NOTIFY_WEBHOOK_SECRET: {
    says: 'The secret that signs those messages: `whsec_` and 24 to 64 bytes in base64. Secret.',
    otherwise: null,
    example: '',
  },
  KEYTURN_NOTIFY_SLACK: {
    says: 'The address of an incoming webhook of Slack. Secret.',
    otherwise: 'nothing is sent to Slack',
    example: '',
  },
  KEYTURN_NOTIFY_TEAMS: {
    says: 'The address of a workflow of Microsoft Teams that posts to a channel when it receives a request. Secret.',
    otherwise: 'nothing is sent to Teams',
    example: '',
  },
  KEYTURN_NOTIFY_MAIL_SERVER: {
    says: 'The server that takes mail: `smtp://HOST[:PORT]` (587) with STARTTLS, which only a server on this machine may leave out, or `smtps://HOST[:PORT]` (465).',
    otherwise: 'no mail is sent',
    example: '',
  },
  KEYTURN_NOTIFY_MAIL_USER: {
    says: 'The user at that server.',
    otherwise: 'none: the server takes mail without a password',
    example: '',
  },
  KEYTURN_NOTIFY_MAIL_PASSWORD: {
    says: 'The password of that user. Secret.',
    otherwise: null,
    example: '',
  },
  KEYTURN_NOTIFY_MAIL_FROM: {
    says: 'The address that mail comes from.',
    otherwise: null,
    example: '',
  },
  KEYTURN_NOTIFY_MAIL_TO: {
    says: 'The addresses of those who are told of what needs a person, separated by commas.',
    otherwise: null,
    example: '',
  },
  KEYTURN_NOTIFY_MAIL_AUDITOR: {
    says: 'The addresses of those who are told of each new report, with its fingerprint, separated by commas.',
    otherwise: 'those who are told of everything else are told of reports too',
    example: '',
  },
  KEYTURN_NOTIFY_GITEA_REPOSITORY: {
    says: 'The repository in which an issue is opened for what needs a person, and closed when it no longer does: `OWNER/NAME` in the Gitea of `KEYTURN_GITEA_URL`.',
    otherwise: 'no issue is opened',
    example: '',
  },
  KEYTURN_NOTIFY_GITEA_TOKEN: {
    says: 'A token with the scope `write:issue`, of a user who may write to that repository. Secret.',
    otherwise: null,
    example: '',
  },
  KEYTURN_NOTIFY_QUIET_HOURS: {
    says: 'Hours in which only urgent messages are sent, such as `22:00-07:00`, in `KEYTURN_TIME_ZONE`. The others wait for their end.',
    otherwise: 'none',
    example: '',
  },
  KEYTURN_NOTIFY_DIGEST: {
    says: 'When mail, Slack and Teams get everything that is not urgent as one message, once a day, such as `08:00`, in `KEYTURN_TIME_ZONE`.',
    otherwise: 'each message is sent at once',
    example: '',
  },
  KEYTURN_TIME_ZONE: {
    says: 'The time zone of the schedule of `serve`, of quiet hours and of digests: a name such as `Europe/Berlin`.',
    otherwise: '`UTC`',
    example: '',
  },
  KEYTURN_METRICS_PORT: {
    says: 'The port on which `serve` answers `GET /metrics` for Prometheus, on 127.0.0.1 alone.',
    otherwise: 'no figures are shown',
    example: '',
  },
  KEYTURN_LOG_LEVEL: {
    says: 'Which lines the log of the service holds: those of `debug`, `info`, `warn` or `error` and above.',
    otherwise: '`info`',
    example: 'info',
  },
  KEYTURN_LOG_FORMAT: {
    says: 'How the log is written: `json`, one object a line, or `readable`, for people.',
    otherwise: '`readable` on a terminal, else `json`',
    example: '',
  },
  KEYTURN_KILL_SWITCH: {
    says: '`on` stops every rotation and revocation before its next step.',
    otherwise: '`off`',
    example: 'off',
  },
} as const satisfies Record<`KEYTURN_${string}`, SettingRow>;

export type SettingName = keyof typeof settingTable;

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingTable, name);
}

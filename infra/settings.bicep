// Every setting that an app on Functions can have, from the table that Keyturn reads them by. Written by
// `vitest run test/infra -u`.
@export()
type Settings = {
  @description('The vaults, separated by commas: `URL`, or `RESOURCE_ID=URL` with the Azure Resource Manager id. The short name of a vault is the last part of its resource id, or else the first part of its host. Not given: none.')
  KEYTURN_VAULTS: string?

  @description('The vault in which pending values wait, written as one of `KEYTURN_VAULTS`. A runner must not be able to read it. Not given: the secret\'s own vault.')
  KEYTURN_STAGING_VAULT: string?

  @description('The address of Gitea. Plain http only for this machine and for names without a dot. Not given: no job is known, and no read can be tied to one.')
  KEYTURN_GITEA_URL: string?

  @description('A token that may read repositories, their Actions and users. Secret. Not given: none.')
  KEYTURN_GITEA_TOKEN: string?

  @description('The secret under which Gitea signs deliveries to `/events/gitea`. Secret. Not given: Keyturn refuses deliveries and finds jobs only by polling.')
  KEYTURN_GITEA_WEBHOOK_SECRET: string?

  @description('The id of the Log Analytics workspace that holds the vaults\' audit log. Not given: no read is known.')
  KEYTURN_LOG_WORKSPACE_ID: string?

  @description('The address of the log service, for the embedded cloud or a private address. Not given: that of the cloud.')
  KEYTURN_LOG_ENDPOINT: string?

  @description('Which of Azure\'s packages asks the log service: `monitor-query`, or its successor `monitor-query-logs`. Not given: `monitor-query`.')
  KEYTURN_LOG_CLIENT: string?

  @description('The container of the vaults\' audit log in a storage account, `https://ACCOUNT.blob.core.windows.net/insights-logs-auditevent`, read beside the workspace, and compared with it, or in its place. Each vault then needs its resource id. Not given: the log comes from the workspace.')
  KEYTURN_LOG_ARCHIVE: string?

  @description('The Entra tenant: of `workload-identity`, `client-secret` and `client-certificate`, and the one that the platform\'s claims must name. Not given: none.')
  KEYTURN_TENANT_ID: string?

  @description('A Blob container for all records: `https://ACCOUNT.blob.core.windows.net/CONTAINER`. Not given: none.')
  KEYTURN_BLOB_CONTAINER: string?

  @description('A Blob container for sealed packs and their index alone, so that an immutability policy can hold it for years: `https://ACCOUNT.blob.core.windows.net/CONTAINER`. Only with `KEYTURN_BLOB_CONTAINER`, and set before the first pack: packs are not moved. Not given: packs are in the container of all records.')
  KEYTURN_PACK_CONTAINER: string?

  @description('The policy file. Not given: observe mode: Keyturn reports and rotates nothing; refused with `POLICY_MISSING` once there was a policy.')
  KEYTURN_POLICY: string?

  @description('The file that maps your own control ids to those of the frameworks, leaves controls out and adds some: docs/controls.md. Not given: reports carry the frameworks\' ids alone.')
  KEYTURN_CONTROLS: string?

  @description('The cloud of Azure in which everything lies: `public`, `us-government` or `china`. It gives the authority, Resource Manager, Graph, the domains of vaults and storage, the log service and the issuers of tokens together. Not given: `public`.')
  KEYTURN_CLOUD: string?

  @description('Where people reach the portal; needed for single sign-on. Not given: where it listens.')
  KEYTURN_PUBLIC_URL: string?

  @description('The name of a secret that each vault has only for this purpose: Keyturn reads it once an hour, so that an hour without a log row is noticed. Not given: `keyturn-canary`.')
  KEYTURN_CANARY_SECRET: string?

  @description('The secret with the key that seals staged values, as `NAME` or `VAULT/NAME`. Only the rotator may read it; the role `report` does not use it. Not given: `keyturn-staging-key` in the staging vault, or else in the first vault.')
  KEYTURN_STAGING_KEY_SECRET: string?

  @description('What seals packs: a PEM file with an Ed25519 key, or the id of a Key Vault key, `https://VAULT/keys/NAME[/VERSION]`. The role `rotate` does not use it. Not given: with `KEYTURN_DATA` a key that Keyturn creates there at first use; with Blob no pack can be sealed.')
  KEYTURN_SIGNING_KEY: string?

  @description('The name that reports carry. Not given: none.')
  KEYTURN_ORGANISATION: string?

  @description('Reports that Keyturn produces on its own, separated by commas: `month`, `quarter`, `year`; or `none`. Not given: `quarter`.')
  KEYTURN_REPORT_PERIODS: string?

  @description('How long each kind of record is kept, separated by commas: `KIND=DAYSd`, or `KIND=keep` for ever, of `slices`, `jobs`, `receipts`, `looks`, `events`, `journals`, `downloads`, `notifications`. What no final pack holds yet is kept all the same: docs/operations.md. Not given: `1095d`; `365d` for `events` and `notifications`.')
  KEYTURN_RETENTION: string?

  @description('The OpenID issuer whose accounts may sign in. Not given: no single sign-on.')
  KEYTURN_OPENID_ISSUER: string?

  @description('The client id of the portal at the issuer. Not given: none.')
  KEYTURN_OPENID_CLIENT_ID: string?

  @description('The client secret of the portal at the issuer. Secret. Not given: none.')
  KEYTURN_OPENID_CLIENT_SECRET: string?

  @description('The identity provider whose scope, claim and way to compare names apply: `gitea` or `none`. For `gitea` the scope is `openid profile groups` and the claim `groups`, compared without regard to case. Not given: `none`.')
  KEYTURN_OPENID_PRESET: string?

  @description('The scope to request, separated by blanks; it contains `openid`. Not given: `openid profile`, or as the preset says.')
  KEYTURN_OPENID_SCOPE: string?

  @description('The claim that holds roles; a path such as `realm_access.roles` leads into an object. It is read from the ID token, or else from the userinfo of the same issuer. Not given: `roles`, or as the preset says.')
  KEYTURN_OPENID_CLAIM: string?

  @description('The values of that claim, or the application roles, of those who may read reports, separated by commas. On Gitea `ORGANISATION:TEAM`. Not given: `Keyturn.Auditor`; no one if the claim is not `roles`.')
  KEYTURN_OPENID_AUDITOR_ROLE: string?

  @description('The same, of those who may also ask for rotations and approve them. Not given: `Keyturn.Operator`; no one if the claim is not `roles`.')
  KEYTURN_OPENID_OPERATOR_ROLE: string?

  @description('`on` if App Service or Functions authenticate every request themselves; only then is `x-ms-client-principal` trusted. Needs `KEYTURN_TENANT_ID`. Not given: `off`.')
  KEYTURN_PLATFORM_AUTHENTICATION: string?

  @description('Where people are told of what needs them: an address that takes Standard Webhooks. Plain http only for this machine and for names without a dot. Not given: nobody is told; the log and the portal show it.')
  KEYTURN_NOTIFY_WEBHOOK_URL: string?

  @description('The secret that signs those messages: `whsec_` and 24 to 64 bytes in base64. Secret. Not given: none.')
  KEYTURN_NOTIFY_WEBHOOK_SECRET: string?

  @description('The address of an incoming webhook of Slack. Secret. Not given: nothing is sent to Slack.')
  KEYTURN_NOTIFY_SLACK: string?

  @description('The address of a workflow of Microsoft Teams that posts to a channel when it receives a request. Secret. Not given: nothing is sent to Teams.')
  KEYTURN_NOTIFY_TEAMS: string?

  @description('The server that takes mail: `smtp://HOST[:PORT]` (587) with STARTTLS, which only a server on this machine may leave out, or `smtps://HOST[:PORT]` (465). Not given: no mail is sent.')
  KEYTURN_NOTIFY_MAIL_SERVER: string?

  @description('The user at that server. Not given: none: the server takes mail without a password.')
  KEYTURN_NOTIFY_MAIL_USER: string?

  @description('The password of that user. Secret. Not given: none.')
  KEYTURN_NOTIFY_MAIL_PASSWORD: string?

  @description('The address that mail comes from. Not given: none.')
  KEYTURN_NOTIFY_MAIL_FROM: string?

  @description('The addresses of those who are told of what needs a person, separated by commas. Not given: none.')
  KEYTURN_NOTIFY_MAIL_TO: string?

  @description('The addresses of those who are told of each new report, with its fingerprint, separated by commas. Not given: those who are told of everything else are told of reports too.')
  KEYTURN_NOTIFY_MAIL_AUDITOR: string?

  @description('The repository in which an issue is opened for what needs a person, and closed when it no longer does: `OWNER/NAME` in the Gitea of `KEYTURN_GITEA_URL`. Not given: no issue is opened.')
  KEYTURN_NOTIFY_GITEA_REPOSITORY: string?

  @description('A token with the scope `write:issue`, of a user who may write to that repository. Secret. Not given: none.')
  KEYTURN_NOTIFY_GITEA_TOKEN: string?

  @description('Hours in which only urgent messages are sent, such as `22:00-07:00`, in `KEYTURN_TIME_ZONE`. The others wait for their end. Not given: none.')
  KEYTURN_NOTIFY_QUIET_HOURS: string?

  @description('When mail, Slack and Teams get everything that is not urgent as one message, once a day, such as `08:00`, in `KEYTURN_TIME_ZONE`. Not given: each message is sent at once.')
  KEYTURN_NOTIFY_DIGEST: string?

  @description('The time zone of the schedule of `serve`, of quiet hours and of digests: a name such as `Europe/Berlin`. Not given: `UTC`.')
  KEYTURN_TIME_ZONE: string?

  @description('Which lines the log of the service holds: those of `debug`, `info`, `warn` or `error` and above. Not given: `info`.')
  KEYTURN_LOG_LEVEL: string?

  @description('How the log is written: `json`, one object a line, or `readable`, for people. Not given: `readable` on a terminal, else `json`.')
  KEYTURN_LOG_FORMAT: string?

  @description('`on` stops every rotation and revocation before its next step. Not given: `off`.')
  KEYTURN_KILL_SWITCH: string?
}

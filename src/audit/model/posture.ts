/** Why a part could not be looked at. `not-configured`: the settings do not say where it is. */
export type NotSeenReason = 'access-denied' | 'unreachable' | 'not-configured' | 'not-there' | 'unreadable';

/** What a look at one part gave: the part, or why it was not seen. Nothing that was not seen counts as absent. */
export type Seen<Value> =
  | { readonly outcome: 'seen'; readonly value: Value }
  | { readonly outcome: 'not-seen'; readonly because: NotSeenReason };

/**
 * What a grant gives its principal, strongest first. `on-condition`: only while a condition holds that nobody here can
 * judge. `may-activate`: after activating an eligibility. `cannot-tell`: a group, role or denial was not seen.
 * `may-grant-itself`: not the value, but the right to give oneself the value.
 */
export const readerVerdicts = ['may-read', 'on-condition', 'may-activate', 'cannot-tell', 'may-grant-itself'] as const;

export type ReaderVerdict = (typeof readerVerdicts)[number];

/** Permissions of a role or of a deny assignment. `*` stands for any text; case does not count. */
interface Permissions {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

export interface RoleDefinition {
  /** The GUID at the end of its id, lower-case. */
  readonly name: string;
  readonly roleName: string;
  readonly permissions: readonly Permissions[];
}

/** One role assignment, or one eligibility for it. All ids are lower-case. */
export interface RoleAssignment {
  /** The whole id; its last part is what log rows name as `AppliedAssignmentId`. */
  readonly id: string;
  readonly scope: string;
  /** The GUID of its role. */
  readonly role: string;
  readonly principalId: string;
  readonly principalType: string;
  readonly condition: string | null;
  /** ISO 8601; `null` if it was not told. */
  readonly createdAt: string | null;
  /** When it ends by itself; `null` if it stays, or if its schedule was not seen. */
  readonly endsAt: string | null;
}

export interface DenyAssignment {
  readonly id: string;
  readonly scope: string;
  readonly permissions: readonly Permissions[];
  readonly principals: readonly string[];
  readonly excludePrincipals: readonly string[];
  readonly doNotApplyToChildScopes: boolean;
  readonly condition: string | null;
}

/** One change to who may do what, or to where a log goes, in the activity log. */
export interface AccessChange {
  readonly at: string;
  /** Lower-case, such as `microsoft.authorization/roleassignments/write`. */
  readonly operation: string;
  readonly resourceId: string;
  readonly caller: string | null;
}

/** What one subscription says of the vaults in it. Assignments that concern none of these vaults are left out. */
export interface SubscriptionPosture {
  readonly subscription: string;
  readonly roles: Seen<readonly RoleDefinition[]>;
  readonly assignments: Seen<readonly RoleAssignment[]>;
  /** Assignments that a principal may activate for itself. */
  readonly eligible: Seen<readonly RoleAssignment[]>;
  readonly denials: Seen<readonly DenyAssignment[]>;
  /** Resource ids of all vaults in the subscription. */
  readonly vaults: Seen<readonly string[]>;
  /** Changes of grants on these vaults, of the vaults and of their logs, in the two days before the look, ascending. */
  readonly changes: Seen<readonly AccessChange[]>;
}

/** One access policy of a vault without role assignments; permissions on secrets are lower-case. */
interface AccessPolicy {
  readonly objectId: string;
  /** Set if the policy counts only through this application. */
  readonly applicationId: string | null;
  readonly secrets: readonly string[];
}

export interface VaultSetup {
  /** Whether role assignments count; otherwise access policies do. */
  readonly usesRoles: boolean;
  readonly accessPolicies: readonly AccessPolicy[];
  readonly softDelete: boolean;
  readonly softDeleteDays: number | null;
  readonly purgeProtection: boolean;
  readonly publicAccess: boolean;
  readonly firewall: {
    readonly defaultAction: 'allow' | 'deny';
    readonly azureServices: boolean;
    readonly addresses: readonly string[];
    readonly networks: number;
  };
}

export interface DiagnosticSetting {
  readonly name: string;
  readonly workspaceId: string | null;
  readonly storageAccountId: string | null;
  /** Whether it sends the audit log. */
  readonly audits: boolean;
}

export interface VaultPosture {
  /** Short name, lower-case. */
  readonly vault: string;
  /** `null` if the settings do not state it; then nothing of the vault can be seen. */
  readonly resourceId: string | null;
  /** Whether pending values wait in it. */
  readonly staging: boolean;
  readonly setup: Seen<VaultSetup>;
  readonly diagnosticSettings: Seen<readonly DiagnosticSetting[]>;
  /** Requests that the vault's own metric counted, by hour (`2026-03-09T14:00:00Z`), for whole hours before the look. */
  readonly requests: Seen<readonly { readonly hour: string; readonly count: number }[]>;
}

export interface WorkspaceTable {
  readonly table: string;
  readonly plan: string;
  readonly retentionDays: number;
  readonly totalRetentionDays: number;
}

/** Who could read, and how the vaults were set up, at one moment. Never a value. */
export interface Posture {
  readonly at: string;
  readonly vaults: readonly VaultPosture[];
  readonly subscriptions: readonly SubscriptionPosture[];
  /** Members of each group that a grant names, through nested groups, by the group's object id. */
  readonly groups: Readonly<Record<string, Seen<readonly string[]>>>;
  readonly workspaceTables: Seen<readonly WorkspaceTable[]>;
  /** sha256 of each answer that this rests on, in the order of the questions. */
  readonly answers: readonly { readonly question: string; readonly sha256: string }[];
}

/** The rights of one access policy on secrets, as Resource Manager spells them: `get`, `list`, `all`. */
interface AccessPolicy {
  readonly objectId: string;
  readonly secrets: readonly string[];
}

/** One place to which a vault's diagnostic setting sends the log. */
interface DiagnosticSetting {
  readonly name: string;
  readonly workspaceId: string | null;
  readonly storageAccountId: string | null;
  /** Whether the category `AuditEvent` is on. */
  readonly enabled: boolean;
}

/** How a vault is set up, as Resource Manager shows it. Changed in place by whoever acts the administrator. */
export interface VaultConfiguration {
  enableRbacAuthorization: boolean;
  accessPolicies: readonly AccessPolicy[];
  enablePurgeProtection: boolean;
  enableSoftDelete: boolean;
  softDeleteRetentionInDays: number;
  publicNetworkAccess: 'Enabled' | 'Disabled';
  defaultAction: 'Allow' | 'Deny';
  bypass: 'AzureServices' | 'None';
  ipRules: readonly string[];
  diagnosticSettings: readonly DiagnosticSetting[];
}

export function createVaultConfiguration(diagnosticSettings: readonly DiagnosticSetting[]): VaultConfiguration {
  return {
    enableRbacAuthorization: true,
    accessPolicies: [],
    enablePurgeProtection: true,
    enableSoftDelete: true,
    softDeleteRetentionInDays: 90,
    publicNetworkAccess: 'Enabled',
    defaultAction: 'Allow',
    bypass: 'AzureServices',
    ipRules: [],
    diagnosticSettings,
  };
}

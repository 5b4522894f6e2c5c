import { settingTable } from '../../src/settings/setting-table.ts';

/** docs/settings.md, from the table that the settings are read by. */
export function settingsPage(): string {
  const rows = Object.entries(settingTable).map(
    ([name, { says, otherwise }]) => `| \`${name}\` | ${says} | ${otherwise ?? 'none'} |`,
  );
  return `${introduction}\n| variable | what it sets | when it is not given |\n|---|---|---|\n${rows.join('\n')}\n`;
}

const introduction = `# Settings

Each setting is one environment variable; an empty one counts as not given. All faults are told at once, values left out, and a \`KEYTURN_…\` variable that is not listed here is a fault: a misspelt setting must not vanish. \`local.settings.example.json\` holds every one of them.

The smallest installation needs a vault, an identity, Gitea, a log workspace and a folder:

\`\`\`sh
export KEYTURN_VAULTS=https://kv-prod.vault.azure.net
export KEYTURN_IDENTITY_KIND=managed-identity
export KEYTURN_GITEA_URL=https://gitea.example.org
export KEYTURN_GITEA_TOKEN=https://kv-prod.vault.azure.net/secrets/keyturn-gitea-token
export KEYTURN_LOG_WORKSPACE_ID=00000000-0000-0000-0000-000000000000
keyturn serve --data /var/lib/keyturn
\`\`\`

**Secrets** can be given as plain values, as the address of a Key Vault secret, or as \`@Microsoft.KeyVault(SecretUri=…)\` (also \`VaultName=…;SecretName=…\`). Give the address on App Service and Functions: they resolve the last form themselves, with the app's identity, and the report cannot explain such a read. Everywhere else Keyturn reads the vault with its own identity in both cases.
`;

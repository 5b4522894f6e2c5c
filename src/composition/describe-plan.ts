import type { AccessPlan, PlannedGrant, PlannedRemoval } from '../audit/posture/access-plan.ts';

export const planForms = ['az', 'bicep', 'terraform'] as const;

export type PlanForm = (typeof planForms)[number];

/** Key Vault Secrets User. Source: Azure built-in roles, "Security", read November 2026. */
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6';

/** A plan as lines that a person reads and a tool applies; what the tool cannot do stands beside it as comments. */
export function describePlan(plan: AccessPlan, form: PlanForm): readonly string[] {
  switch (form) {
    case 'az':
      return [
        ...remarks(plan, '#'),
        ...plan.create.flatMap((grant) => [`# ${reasonOf(grant)}`, createCommand(grant)]),
        ...(plan.remove.length === 0 ? [] : ['# Wait until the grants above have reached the vault, then end these:']),
        ...plan.remove.flatMap((removal) => [`# ${excessOf(removal)}`, deleteCommand(removal)]),
      ];
    case 'bicep':
      return [
        ...remarks(plan, '//'),
        ...bicepVaults(plan),
        ...plan.create.flatMap(bicepGrant),
        ...byCommand(plan, '//'),
      ];
    case 'terraform':
      return [...remarks(plan, '#'), ...plan.create.flatMap(terraformGrant), ...byCommand(plan, '#')];
    default:
      return form satisfies never;
  }
}

function remarks({ byHand, endingReads, notSeen }: AccessPlan, sign: string): readonly string[] {
  return [
    ...notSeen.map(({ vault, because }) => `${sign} Not planned: the grants on ${vault} were not seen (${because}).`),
    ...endingReads.map(
      ({ objectId, vault, secret, count, lastAt }) =>
        `${sign} Ends: ${objectId} read ${vault}/${secret} ${String(count)} times, last on ${lastAt}, and the policy does not allow it.`,
    ),
    ...byHand.map(({ vault, principalId, grant }) =>
      grant?.kind === 'access-policy'
        ? `${sign} By hand: ${principalId} has an access policy on ${vault}; access policies know no single secrets. Switch the vault to role assignments.`
        : `${sign} By hand: ${principalId} has ${grant?.role ?? 'a role'} on ${grant?.scope ?? vault}, above ${vault}; ending it may concern other resources.`,
    ),
  ];
}

function reasonOf({ vault, secret, principalId, reads }: PlannedGrant): string {
  const what = secret === null ? `every secret of ${vault}` : `${vault}/${secret}`;
  const used = reads === 0 ? 'not read in 90 days: only the policy needs it' : `${String(reads)} reads in 90 days`;
  return secret === null ? `${principalId}: ${what}, as the rotator` : `${principalId}: ${what}, ${used}`;
}

function excessOf({ role, scope, why, reads }: PlannedRemoval): string {
  return `${role} on ${scope}: ${why}; ${String(reads)} reads in 90 days`;
}

function createCommand({ principalId, role, scope }: PlannedGrant): string {
  return `az role assignment create --assignee-object-id ${principalId} --assignee-principal-type ServicePrincipal --role "${role}" --scope ${scope}`;
}

function deleteCommand({ id }: PlannedRemoval): string {
  return `az role assignment delete --ids ${id}`;
}

/** What declarations cannot express: they end no assignment that they did not make. */
function byCommand({ remove }: AccessPlan, sign: string): readonly string[] {
  if (remove.length === 0) return [];
  return [
    `${sign} A declaration ends no assignment that it did not make. After it has been applied, run:`,
    ...remove.flatMap((removal) => [`${sign} ${excessOf(removal)}`, `${sign}   ${deleteCommand(removal)}`]),
  ];
}

/** A vault by its name; the file is deployed into the vault's resource group. */
function bicepVaults({ create }: AccessPlan): readonly string[] {
  const vaults = [...new Set(create.map(({ vault }) => vault))];
  return vaults.flatMap((vault) => [
    `resource ${symbol('vault', vault)} 'Microsoft.KeyVault/vaults@2023-07-01' existing = {`,
    `  name: '${vault}'`,
    '}',
  ]);
}

function bicepGrant(grant: PlannedGrant): readonly string[] {
  const { vault, secret, principalId } = grant;
  // The rotator's role is a custom one, whose GUID only its subscription knows.
  if (secret === null) return [`// ${reasonOf(grant)}`, `// ${createCommand(grant)}`];
  const name = symbol('secret', vault, secret, principalId);
  return [
    `// ${reasonOf(grant)}`,
    `resource ${name} 'Microsoft.KeyVault/vaults/secrets@2023-07-01' existing = {`,
    `  parent: ${symbol('vault', vault)}`,
    `  name: '${secret}'`,
    '}',
    `resource ${symbol('grant', vault, secret, principalId)} 'Microsoft.Authorization/roleAssignments@2022-04-01' = {`,
    `  name: guid(${name}.id, '${principalId}', '${secretsUser}')`,
    `  scope: ${name}`,
    '  properties: {',
    `    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${secretsUser}')`,
    `    principalId: '${principalId}'`,
    "    principalType: 'ServicePrincipal'",
    '  }',
    '}',
  ];
}

function terraformGrant(grant: PlannedGrant): readonly string[] {
  const { vault, secret, principalId, role, scope } = grant;
  return [
    `# ${reasonOf(grant)}`,
    `resource "azurerm_role_assignment" "${symbol('grant', vault, secret ?? 'vault', principalId)}" {`,
    `  scope                = "${scope}"`,
    `  role_definition_name = "${role}"`,
    `  principal_id         = "${principalId}"`,
    '  principal_type       = "ServicePrincipal"',
    '}',
  ];
}

/** A name that Bicep and Terraform take. Vaults and secrets have no underscore, so that two names never become one. */
function symbol(...parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll('-', '_')).join('__');
}

import { createHash } from 'node:crypto';
import type { Authorisation } from '../authorisation/authorisation.ts';
import { azureIds } from '../azure-ids.ts';
import type { Principal } from '../identity/managed-identity.ts';
import type { VaultConfiguration } from './vault-configuration.ts';
import type { VaultOperation, VaultRight } from './vault-operation.ts';

export interface VaultGrants {
  /** Assigns a role with just these rights, on one secret or (`null`) on the vault. */
  grant(principal: Principal, rights: readonly VaultRight[], secret: string | null): void;
  /** Ends every assignment of the principal on the vault or in it. */
  revoke(principal: Principal): void;
  /** What allows the operation, with the role assignment's id where it is one; `null` if nothing does. */
  allow(principal: Principal, operation: VaultOperation): { readonly assignmentId?: string } | null;
}

const actions: Readonly<Record<VaultRight, string>> = {
  get: 'getSecret/action',
  set: 'setSecret/action',
  list: 'readMetadata/action',
  update: 'update/action',
  delete: 'delete',
  recover: 'recover/action',
};

/** The vault's own judgement: role assignments, or access policies where the vault is set up for those. */
export function createVaultGrants(options: {
  readonly authorisation: Authorisation;
  readonly configuration: VaultConfiguration;
  readonly resourceId: string;
}): VaultGrants {
  const { authorisation, configuration, resourceId } = options;
  return {
    grant({ objectId, kind }, rights, secret) {
      const dataActions = rights.map(dataAction).sort();
      const digest = createHash('sha256').update(dataActions.join()).digest('hex').slice(0, 8);
      const role = authorisation.defineRole(`Secrets ${[...rights].sort().join(', ')} (${digest})`, { dataActions });
      authorisation.assign({
        role,
        scope: secret === null ? resourceId : `${resourceId}/secrets/${secret}`,
        principalId: objectId,
        principalType: kind === 'person' ? 'User' : 'ServicePrincipal',
      });
    },
    revoke({ objectId }) {
      for (const { name, principalId, scope } of authorisation.assignments()) {
        if (principalId === objectId && scope.toLowerCase().startsWith(resourceId)) authorisation.unassign(name);
      }
    },
    allow({ objectId }, { rights, secret }) {
      if (!configuration.enableRbacAuthorization) return byPolicy(objectId, rights) ? {} : null;
      // An assignment on one secret does not cover calls on the whole vault.
      const resource = secret === null ? resourceId : `${resourceId}/secrets/${secret}`;
      for (const right of rights) {
        const found = authorisation.allow(objectId, 'data', dataAction(right), resource);
        if (found !== null) return { assignmentId: found.name };
      }
      return null;
    },
  };

  function byPolicy(objectId: string, rights: readonly VaultRight[]): boolean {
    const wanted: readonly string[] = ['all', ...rights.map((right) => (right === 'update' ? 'set' : right))];
    return configuration.accessPolicies.some(
      (policy) => policy.objectId === objectId && policy.secrets.some((one) => wanted.includes(one.toLowerCase())),
    );
  }
}

function dataAction(right: VaultRight): string {
  return `Microsoft.KeyVault/vaults/secrets/${actions[right]}`;
}

/** Azure's text for a caller without a role assignment: the same in the log and the answer. */
export function denialText(
  principal: Principal,
  operation: VaultOperation,
  vault: { name: string; resourceId: string },
): string {
  const scope = operation.secret === null ? '' : `/secrets/${operation.secret.toLowerCase()}`;
  return [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    `Caller: appid=${principal.clientId};oid=${principal.objectId};iss=https://sts.windows.net/${azureIds.tenant}/`,
    `Action: 'Microsoft.KeyVault/vaults/secrets/${operation.action}'`,
    `Resource: '${vault.resourceId}${scope}'`,
    'Assignment: (not found)',
    'DenyAssignmentId: null',
    'DecisionReason: null ',
    `Vault: ${vault.name};location=westeurope`,
  ].join('\r\n');
}

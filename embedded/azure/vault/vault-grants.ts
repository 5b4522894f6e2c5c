import { randomUUID } from 'node:crypto';
import { azureIds } from '../azure-ids.ts';
import type { Principal } from '../identity/managed-identity.ts';
import type { VaultOperation, VaultRight } from './vault-operation.ts';

interface Grant {
  /** The role assignment's id, as in log rows. */
  readonly assignmentId: string;
  readonly objectId: string;
  readonly rights: readonly VaultRight[];
  readonly names: string;
}

export interface VaultGrants {
  grant(principal: Principal, rights: readonly VaultRight[], names: string): void;
  revoke(principal: Principal): void;
  /** The assignment that allows the operation; `null` if none does. */
  allow(principal: Principal, operation: VaultOperation): { readonly assignmentId: string } | null;
}

export function createVaultGrants(): VaultGrants {
  let grants: readonly Grant[] = [];
  return {
    grant(principal, rights, names) {
      grants = [...grants, { assignmentId: randomUUID(), objectId: principal.objectId, rights, names }];
    },
    revoke(principal) {
      grants = grants.filter((grant) => grant.objectId !== principal.objectId);
    },
    allow(principal, operation) {
      return (
        grants.find(
          (grant) =>
            grant.objectId === principal.objectId &&
            operation.rights.some((right) => grant.rights.includes(right)) &&
            covers(grant.names, operation.secret),
        ) ?? null
      );
    },
  };
}

/** An assignment on individual secrets does not cover calls on the whole vault, as in Azure. */
function covers(names: string, secret: string | null): boolean {
  if (names === '*') return true;
  if (secret === null) return false;
  const wanted = names.toLowerCase();
  const name = secret.toLowerCase();
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
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

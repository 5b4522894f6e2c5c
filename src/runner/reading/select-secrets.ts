import { ServiceError } from '../../service-error.ts';
import { isSafeVariable, type SecretRequest, type SecretSelection } from '../configuration/secret-request.ts';
import { type ListingPorts, listSecrets } from './list-secrets.ts';

/** The secrets found for a prefix. */
export interface Selected {
  readonly requests: readonly SecretRequest[];
  /** Names of matching secrets whose newest version is disabled; they are skipped. */
  readonly disabled: readonly string[];
}

/** A manifest that selects more is probably a mistake. */
const mostSelected = 100;
/**
 * Lists a vault's secrets with a prefix and returns them as requests by name, sorted by name. A listing contains names
 * but no values; each value is then read and recorded like any other.
 * @throws ServiceError VAULT_ACCESS_DENIED and similar if the vault refuses to list; SELECTION_REFUSED
 */
export async function selectSecrets(
  ports: ListingPorts,
  vault: { readonly name: string; readonly url: string },
  selection: SecretSelection,
): Promise<Selected> {
  const { prefix, variablePrefix, required, minimumLifeMs } = selection;
  const found = await listSecrets(ports, vault, prefix, mostSelected);
  const enabled = found.filter(({ enabled: usable }) => usable).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (enabled.length === 0 && required) refuse('no enabled secret starts with the prefix');
  return {
    disabled: found.filter(({ enabled: usable }) => !usable).map(({ name }) => name),
    requests: enabled.map(({ name }) => ({
      vault: selection.vault,
      name,
      version: null,
      pointer: null,
      target: { kind: 'environment', variable: variableOf(name) },
      required,
      minimumLifeMs,
    })),
  };

  function variableOf(name: string): string {
    const variable = `${variablePrefix}${name.slice(prefix.length).toUpperCase().replaceAll('-', '_')}`;
    return isSafeVariable(variable) ? variable : refuse('a variable that programs obey would come of one of them');
  }

  function refuse(reason: string): never {
    throw new ServiceError('SELECTION_REFUSED', { vault: vault.name, prefix, reason });
  }
}

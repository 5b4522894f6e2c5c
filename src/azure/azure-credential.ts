import type { TokenCredential } from '@azure/core-auth';
import {
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import type { AzureCloud } from '../secrets/azure-cloud.ts';
import { ServiceError } from '../service-error.ts';
import type { IdentitySettings } from '../settings.ts';
import { isLoopback } from './embedded-switch.ts';

/** The variable that tells `@azure/identity` to request tokens from another address than 169.254.169.254. */
const metadataHost = 'AZURE_POD_IDENTITY_AUTHORITY_HOST';

/**
 * Opens the one identity that the settings name, never the first working one of a chain: a developer's own login on a
 * shared machine could otherwise read production. `embedded` allows the managed identity's `endpoint`, only on
 * loopback.
 * @throws ServiceError `SETTINGS_MALFORMED` for an endpoint that is not allowed, or a host injected by the environment.
 */
export function azureCredential(
  identity: IdentitySettings,
  options: { readonly embedded: boolean; readonly cloud: AzureCloud },
): TokenCredential {
  // The authority is one of our own table: to have it confirmed, the library would ask the public cloud.
  const { name, authority: authorityHost } = options.cloud;
  const authority = { authorityHost, disableInstanceDiscovery: name !== 'public' };
  switch (identity.kind) {
    case 'managed-identity':
      pointMetadataService(identity.endpoint, options.embedded);
      return new ManagedIdentityCredential(identity.clientId === null ? {} : { clientId: identity.clientId });
    case 'workload-identity': {
      const { tenantId, clientId, tokenFile } = identity;
      return new WorkloadIdentityCredential({ tenantId, clientId, tokenFilePath: tokenFile, ...authority });
    }
    case 'client-secret': {
      const { tenantId, clientId, clientSecret } = identity;
      return new ClientSecretCredential(tenantId, clientId, clientSecret.reveal(), authority);
    }
    case 'client-certificate': {
      const { tenantId, clientId, certificateFile } = identity;
      return new ClientCertificateCredential(tenantId, clientId, { certificatePath: certificateFile }, authority);
    }
    default:
      return identity satisfies never;
  }
}

/**
 * The library reads this host only from the environment, for every token, so it is set for the process. An unexpected
 * host that is already set could redirect the identity's requests and supply its tokens.
 */
function pointMetadataService(endpoint: string | null, embedded: boolean): void {
  if (endpoint !== null) {
    if (!embedded || !isLoopback(endpoint))
      throw refused('KEYTURN_IDENTITY_ENDPOINT: only the embedded cloud on this machine has one');
    process.env[metadataHost] = endpoint;
  } else if (process.env[metadataHost] !== undefined) {
    throw refused(`${metadataHost}: must not be set; name the embedded cloud in KEYTURN_IDENTITY_ENDPOINT`);
  }
}

function refused(fault: string): ServiceError<'SETTINGS_MALFORMED'> {
  return new ServiceError('SETTINGS_MALFORMED', { faults: [fault] });
}

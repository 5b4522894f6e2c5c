import type { AccessTokenSource } from './access-token.ts';
import type { AzureIdentity } from '../configuration/fetch-configuration.ts';
import type { IdentityPorts } from './identity-ports.ts';
import { managedIdentity } from './managed-identity.ts';

/** Opens the one configured identity. There is no chain of fallbacks. */
export async function accessTokenSource(ports: IdentityPorts, identity: AzureIdentity): Promise<AccessTokenSource> {
  switch (identity.kind) {
    case 'managed-identity':
      return managedIdentity(ports, identity);
    case 'workload-identity': {
      const { workloadIdentity } = await import('./workload-identity.ts');
      return workloadIdentity(ports, identity);
    }
    case 'azure-cli': {
      const { azureCli } = await import('./azure-cli.ts');
      return azureCli(ports, identity);
    }
    case 'device-code': {
      const { deviceSignIn } = await import('./device-sign-in.ts');
      return deviceSignIn(ports, identity);
    }
    case 'service-principal': {
      const { servicePrincipal } = await import('./service-principal.ts');
      return servicePrincipal(ports, identity);
    }
  }
}

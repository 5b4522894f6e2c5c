import type { Principal } from '../../../embedded/azure/identity/managed-identity.ts';
import type { EmbeddedCloud } from '../../../embedded/embedded-cloud.ts';
import type { PostureSource } from '../../../src/audit/posture/posture-source.ts';
import { azurePostureSource } from '../../../src/azure/posture/azure-posture-source.ts';
import type { CloudService } from '../../../src/azure/posture/cloud-reader.ts';
import { azureClouds } from '../../../src/secrets/azure-cloud.ts';

const { resourceManager: armAudience, graph: graphAudience } = azureClouds.public;
const readerRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/** Lets a principal look: the role Reader on the subscription, and groups. */
export function letLook({ resourceManager, graph, vault }: EmbeddedCloud, { objectId }: Principal): void {
  const scope = vault.resourceId.split('/').slice(0, 3).join('/');
  resourceManager.authorisation.assign({
    role: readerRole,
    scope,
    principalId: objectId,
    principalType: 'ServicePrincipal',
  });
  graph.directory.letReadGroups(objectId);
}

/** Looks at the embedded cloud as a principal. */
export function embeddedPostureSource(cloud: EmbeddedCloud, principal: Principal): PostureSource {
  const service = (endpoint: string, audience: string): CloudService => ({
    endpoint,
    audience,
    embedded: true,
    credential: {
      getToken: (scope) =>
        Promise.resolve({
          token: cloud.identity.tokenFor(principal, String(scope)),
          expiresOnTimestamp: Date.now() + 3_600_000,
        }),
    },
  });
  const { name, url, resourceId } = cloud.vault;
  return azurePostureSource({
    resourceManager: service(cloud.resourceManager.url, armAudience),
    graph: service(cloud.graph.url, graphAudience),
    vaults: [{ name, url, resourceId }],
    stagingVault: null,
    workspaceId: cloud.logAnalytics.workspaceId,
  });
}

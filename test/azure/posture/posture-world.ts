import type { Principal } from '../../../embedded/azure/identity/managed-identity.ts';
import { createClock } from '../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../embedded/start-embedded-cloud.ts';
import type { PostureSource } from '../../../src/audit/posture/posture-source.ts';
import { azurePostureSource } from '../../../src/azure/posture/azure-posture-source.ts';
import type { CloudService } from '../../../src/azure/posture/cloud-reader.ts';
import { azureClouds } from '../../../src/secrets/azure-cloud.ts';

const { resourceManager: armAudience, graph: graphAudience } = azureClouds.public;
const readerRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

export interface PostureWorld {
  readonly cloud: EmbeddedCloud;
  readonly reporter: Principal;
  readonly source: PostureSource;
  readonly subscription: string;
}

/** An embedded cloud whose reporter has the role Reader on the subscription and may read groups, and its source. */
export async function postureWorld(options: { readonly mayRead?: boolean } = {}): Promise<PostureWorld> {
  const cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-02T13:00:00Z')) });
  cloud.clock.stand();
  cloud.clock.set(new Date('2026-03-02T13:00:00Z'));
  const { authorisation } = cloud.resourceManager;
  const reporter = cloud.identity.define({ name: 'reporter', kind: 'managed-identity', address: '20.4.4.4' });
  const subscription = cloud.vault.resourceId.split('/').slice(0, 3).join('/');
  if (options.mayRead ?? true) {
    const { objectId: principalId } = reporter;
    authorisation.assign({ role: readerRole, scope: subscription, principalId, principalType: 'ServicePrincipal' });
    cloud.graph.directory.letReadGroups(principalId);
  }
  const service = (endpoint: string, audience: string): CloudService => ({
    endpoint,
    audience,
    embedded: true,
    credential: {
      getToken: (scope) =>
        Promise.resolve({
          token: cloud.identity.tokenFor(reporter, String(scope)),
          expiresOnTimestamp: Date.now() + 3_600_000,
        }),
    },
  });
  const { name, url, resourceId } = cloud.vault;
  const source = azurePostureSource({
    resourceManager: service(cloud.resourceManager.url, armAudience),
    graph: service(cloud.graph.url, graphAudience),
    vaults: [{ name, url, resourceId }],
    workspaceId: cloud.logAnalytics.workspaceId,
  });
  return { cloud, reporter, source, subscription };
}

import type { StoryWorld } from './story-world.ts';

/** Azure's built-in role Reader. Source: Microsoft's list of built-in roles. */
const readerRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/**
 * Lets Keyturn see who may read and how the vault is set up: the role Reader on the subscription, as infra/reader.bicep
 * assigns it, and the members of groups. Returns the environment variables that say where to look.
 */
export function letLook({ cloud, keyturn }: StoryWorld): Readonly<Record<string, string>> {
  const { resourceManager, graph, vault } = cloud;
  resourceManager.authorisation.assign({
    role: readerRole,
    scope: vault.resourceId.split('/').slice(0, 3).join('/'),
    principalId: keyturn.objectId,
    principalType: 'ServicePrincipal',
  });
  graph.directory.letReadGroups(keyturn.objectId);
  return {
    KEYTURN_RESOURCE_MANAGER_ENDPOINT: resourceManager.url,
    KEYTURN_GRAPH_ENDPOINT: graph.url,
  };
}

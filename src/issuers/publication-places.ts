import { giteaClient } from '../gitea/gitea-client.ts';
import type { PublicationPlace } from '../rotation/ports/publication-place.ts';
import { giteaActionsSecretPlace } from './gitea/gitea-actions-secret-place.ts';
import type { IssuerPorts } from './shared/issuer-ports.ts';

/** All further places for publication, by kind. Without Gitea there are none. */
export function publicationPlaces({ gitea }: IssuerPorts): ReadonlyMap<string, PublicationPlace> {
  if (gitea === undefined || gitea === null) return new Map();
  const places = [giteaActionsSecretPlace({ gitea: giteaClient(gitea) })];
  return new Map(places.map((place) => [place.kind, place]));
}

import { jsonProperties } from '../../gitea/json-properties.ts';
import { ServiceError } from '../../service-error.ts';

/** A webhook in Gitea's list, which never contains its secret. */
export interface GiteaHook {
  readonly id: number;
  readonly url: string;
  readonly events: readonly string[];
  readonly active: boolean;
}

/** @throws ServiceError `GITEA_ANSWER_MALFORMED`. */
export function parseGiteaHook(given: unknown, at: { readonly gitea: string; readonly path: string }): GiteaHook {
  const hook = jsonProperties(given);
  const url = jsonProperties(hook.get('config')).get('url');
  const [id, events, active] = ['id', 'events', 'active'].map((name) => hook.get(name));
  if (typeof id !== 'number' || typeof url !== 'string' || typeof active !== 'boolean' || !Array.isArray(events)) {
    throw new ServiceError('GITEA_ANSWER_MALFORMED', { ...at, place: 'id, config.url, events, active' });
  }
  return { id, url, active, events: events.filter((event) => typeof event === 'string') };
}

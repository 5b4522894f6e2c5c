import { ServiceError } from '../service-error.ts';
import type { GiteaAnswer, GiteaRequest, SendGiteaRequest } from './gitea-request.ts';
import { jsonProperties } from './json-properties.ts';

// MAX_RESPONSE_ITEMS of Gitea's default configuration. A server may return shorter pages without saying so.
const pageSize = 50;

/** The list to read. `gitea`: its address; `key`: as in `GiteaClient.pages`. */
interface ListOrder {
  readonly gitea: string;
  readonly send: SendGiteaRequest;
  readonly path: string;
  readonly key: string | null;
  readonly request: GiteaRequest;
}

/** Reads a list to its end: by `Link`, else `X-Total-Count`, else `total_count`, else until a page is empty. */
export async function* readGiteaPages({
  gitea,
  send,
  path,
  key,
  request,
}: ListOrder): AsyncIterable<readonly unknown[]> {
  let seen = 0;
  for (let page = 1; ; page += 1) {
    const answer = await send('GET', path, {
      ...request,
      query: { ...request.query, page, limit: pageSize },
    });
    const entries = parseEntries(answer, gitea, path, key);
    seen += entries.length;
    if (entries.length > 0) yield entries;
    if (entries.length === 0 || !hasMore(answer, seen)) return;
  }
}

function parseEntries(
  { status, body }: GiteaAnswer,
  gitea: string,
  path: string,
  key: string | null,
): readonly unknown[] {
  if (status === 404) throw new ServiceError('GITEA_NOT_FOUND', { gitea, path });
  if (status >= 400) throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea, path, status });
  const list: unknown = key === null ? body : jsonProperties(body).get(key);
  // Some of Gitea's handlers write an empty list as `null`.
  if (list === null || list === undefined) {
    if (body !== null && key !== null && list === undefined) throw malformed(gitea, path, key);
    return [];
  }
  if (!Array.isArray(list)) throw malformed(gitea, path, key ?? '');
  return list;
}

function hasMore({ headers, body }: GiteaAnswer, seen: number): boolean {
  const link = headers.get('link');
  if (link !== null) return /;\s*rel="next"/.test(link);
  // The list of runners has neither header.
  const total = headers.get('x-total-count') ?? jsonProperties(body).get('total_count');
  return total === null || total === undefined || seen < Number(total);
}

function malformed(gitea: string, path: string, place: string): ServiceError {
  return new ServiceError('GITEA_ANSWER_MALFORMED', { gitea, path, place });
}

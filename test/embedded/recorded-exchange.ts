import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One request and the real vault's answer. */
export interface RecordedExchange {
  readonly method: string;
  /** `secrets/NAME/…`, without a trailing slash. */
  readonly path: string;
  readonly apiVersion: string;
  readonly requestBody: string;
  readonly status: number;
  readonly body: unknown;
  readonly contentType: string | null;
}

export interface Recording {
  readonly name: string;
  readonly exchanges: readonly RecordedExchange[];
  /** Calls that the embedded vault states it does not support. */
  readonly notCovered: readonly string[];
}

/**
 * Loads a folder's recordings for replay: without sign-in, with only the last request of a poll, and with the pages of
 * a list joined.
 */
export function readRecordings(folder: string): readonly Recording[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => {
      const all = parseRecording(readFileSync(join(folder, file), 'utf8'));
      return {
        name: file.replace(/\.json$/, ''),
        exchanges: joinPages(collapsePolls(restoreLostSets(all.filter((one) => !isNotCovered(one) || isPurge(one))))),
        notCovered: all
          .filter(isNotCovered)
          .map(({ method, path }) => `${method} ${path.replace(/^deletedsecrets\/[^/]+/, 'deletedsecrets/NAME')}`),
      };
    });
}

function parseRecording(text: string): readonly RecordedExchange[] {
  const { recordings } = JSON.parse(text) as {
    readonly recordings: readonly {
      readonly method: string;
      readonly url: string;
      readonly query: Readonly<Record<string, string>>;
      readonly requestBody: string | null;
      readonly status: number;
      readonly response: string;
      readonly responseHeaders: Readonly<Record<string, string>>;
    }[];
  };
  return recordings
    .filter(({ url }) => new URL(url).hostname.endsWith('.vault.azure.net'))
    .map((one) => ({
      method: one.method,
      path: new URL(one.url).pathname.replaceAll(/^\/|\/$/g, ''),
      apiVersion: one.query['api-version'] ?? '',
      requestBody: one.requestBody ?? '',
      status: one.status,
      body: one.response === '' ? null : (JSON.parse(one.response) as unknown),
      contentType: one.responseHeaders['content-type'] ?? null,
    }));
}

/** The embedded vault does not purge; a replay removes the name from later lists instead. */
export function isPurge({ method, path }: RecordedExchange): boolean {
  return method === 'DELETE' && path.startsWith('deletedsecrets/');
}

function isNotCovered(one: RecordedExchange): boolean {
  return isPurge(one) || one.path === 'secrets/restore' || one.path.endsWith('/backup');
}

/**
 * The published recordings keep only the first and last of equal requests, including sets of one secret. A version that
 * is read by its id but was never set is restored before the last set of its secret.
 */
function restoreLostSets(exchanges: readonly RecordedExchange[]): readonly RecordedExchange[] {
  const isSet = ({ method, status }: RecordedExchange) => method === 'PUT' && status === 200;
  const versionOf = ({ body }: RecordedExchange) => (body as { id: string }).id.split('/').at(-1);
  const restored = [...exchanges];
  for (const read of exchanges) {
    const [, name, version] = read.path.split('/');
    if (read.method !== 'GET' || read.status !== 200 || !/^[0-9a-f]{32}$/.test(version ?? '')) continue;
    if (restored.some((one) => isSet(one) && versionOf(one) === version)) continue;
    const last = restored.findLastIndex((one) => isSet(one) && one.path === `secrets/${name}`);
    const { value } = read.body as { readonly value: string };
    const set = {
      ...read,
      method: 'PUT',
      path: `secrets/${name}`,
      requestBody: JSON.stringify({ value, attributes: {} }),
    };
    if (last >= 0) restored.splice(last, 0, set);
  }
  return restored;
}

/** Drops a 404 that a later GET of the same address supersedes, if nothing happened to the secret in between. */
function collapsePolls(exchanges: readonly RecordedExchange[]): readonly RecordedExchange[] {
  return exchanges.filter((one, index) => {
    if (one.method !== 'GET' || one.status !== 404) return true;
    const name = one.path.split('/')[1];
    const next = exchanges
      .slice(index + 1)
      .find(
        ({ method, path, status }) =>
          status !== 401 && (path === one.path || (method !== 'GET' && path.split('/')[1] === name)),
      );
    return next === undefined || next.method !== 'GET';
  });
}

function joinPages(exchanges: readonly RecordedExchange[]): readonly RecordedExchange[] {
  const joined: RecordedExchange[] = [];
  let open = -1;
  for (const one of exchanges) {
    const { value, nextLink } = pageOf(one);
    const first = joined[open];
    if (value === null || one.status !== 200) {
      // The probe before each further page is redundant.
      if (open < 0 || one.status !== 401) joined.push(one);
    } else if (first) {
      joined[open] = { ...first, body: { value: [...(pageOf(first).value ?? []), ...value], nextLink: null } };
    } else {
      joined.push({ ...one, body: { value, nextLink: null } });
      open = joined.length - 1;
    }
    if (value !== null && nextLink === null) open = -1;
  }
  return joined;
}

function pageOf({ body }: RecordedExchange): {
  readonly value: readonly unknown[] | null;
  readonly nextLink: string | null;
} {
  const page = body as { readonly value?: unknown; readonly nextLink?: string | null } | null;
  return { value: Array.isArray(page?.value) ? (page.value as unknown[]) : null, nextLink: page?.nextLink ?? null };
}

import { createHash } from 'node:crypto';
import type { TokenCredential } from '@azure/core-auth';
import {
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
  isRestError,
} from '@azure/core-rest-pipeline';
import type { NotSeenReason, Seen } from '../../audit/model/posture.ts';
import { embeddedSwitch } from '../embedded-switch.ts';

/** One of Azure's management services: Resource Manager or Microsoft Graph. */
export interface CloudService {
  /** `https://management.azure.com`, or the embedded cloud's. No trailing slash. */
  readonly endpoint: string;
  /** Whom its tokens are for. */
  readonly audience: string;
  readonly credential: TokenCredential;
  readonly embedded: boolean;
}

/** Reads one service, and remembers the digest of each answer. It sends GET requests alone. */
export interface CloudReader {
  /** The parsed body of one answer. Throws a `CloudRefusal` if the service did not give it. */
  get(path: string): Promise<unknown>;
  /** All entries of a list, from all its pages. */
  list(path: string): Promise<readonly unknown[]>;
  readonly answers: readonly { readonly question: string; readonly sha256: string }[];
}

/** Says why an answer was not given. Caught by `seen`; no other code sees it. */
class CloudRefusal extends Error {
  readonly because: NotSeenReason;
  constructor(because: NotSeenReason, cause?: unknown) {
    super(because, { cause });
    this.because = because;
  }
}

const timeoutMs = 30_000;
/** A list that does not end is no list. */
const mostPages = 1_000;

export function cloudReader({ endpoint, audience, credential, embedded }: CloudService): CloudReader {
  const { allowInsecureConnection = false } = embeddedSwitch({ embedded, url: endpoint });
  const pipeline = createPipelineFromOptions({ retryOptions: { maxRetries: 2 } });
  // A redirect could lead the token to another host.
  pipeline.removePolicy({ name: 'redirectPolicy' });
  const client = createDefaultHttpClient();
  const answers: { question: string; sha256: string }[] = [];
  // A look asks a dozen questions: where nobody answers the first, the others would hold up the pass that looks.
  let isSilent = false;

  return {
    answers,
    get: async (path) => await ask(endpoint + path),
    async list(path) {
      const entries: unknown[] = [];
      let url: string | null = endpoint + path;
      for (let page = 0; url !== null; page += 1) {
        if (page === mostPages) throw new CloudRefusal('unreadable');
        const answer: unknown = await ask(url);
        if (!isObject(answer) || !Array.isArray(answer['value'])) throw new CloudRefusal('unreadable');
        entries.push(...(answer['value'] as readonly unknown[]));
        url = nextPage(answer);
      }
      return entries;
    },
  };

  async function ask(url: string): Promise<unknown> {
    if (isSilent) throw new CloudRefusal('unreachable');
    const token = await credential.getToken(`${audience}/.default`).catch((cause: unknown) => {
      throw new CloudRefusal('unreachable', cause);
    });
    if (token === null) throw new CloudRefusal('access-denied');
    const request = createPipelineRequest({ url, timeout: timeoutMs, allowInsecureConnection });
    request.headers.set('authorization', `Bearer ${token.token}`);
    request.headers.set('accept', 'application/json');
    const { status, bodyAsText } = await pipeline.sendRequest(client, request).catch((cause: unknown) => {
      if (isRestError(cause) || (cause instanceof Error && cause.name === 'AbortError')) {
        isSilent = true;
        throw new CloudRefusal('unreachable', cause);
      }
      throw cause;
    });
    if (status === 401 || status === 403) throw new CloudRefusal('access-denied');
    if (status === 404) throw new CloudRefusal('not-there');
    if (status === 429 || status >= 500) throw new CloudRefusal('unreachable');
    if (status !== 200) throw new CloudRefusal('unreadable');
    const text = bodyAsText ?? '';
    answers.push({ question: url.slice(endpoint.length), sha256: createHash('sha256').update(text).digest('hex') });
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new CloudRefusal('unreadable', cause);
    }
  }

  /** The link to the next page. It must be of the same service: the token goes with it. */
  function nextPage(answer: Readonly<Record<string, unknown>>): string | null {
    const link = answer['nextLink'] ?? answer['@odata.nextLink'];
    if (link === undefined || link === null || link === '') return null;
    if (typeof link !== 'string' || URL.parse(link)?.origin !== new URL(endpoint).origin) {
      throw new CloudRefusal('unreadable');
    }
    return link;
  }
}

/** What a look gave, or why it gave nothing. An error of our own code is thrown on. */
export async function seen<Value>(look: () => Promise<Value>): Promise<Seen<Value>> {
  try {
    return { outcome: 'seen', value: await look() };
  } catch (error) {
    if (error instanceof CloudRefusal) return { outcome: 'not-seen', because: error.because };
    throw error;
  }
}

/** Ends a look: `unreadable` for an answer that is not of its shape. */
export function refuse(because: NotSeenReason, cause?: unknown): never {
  throw new CloudRefusal(because, cause);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

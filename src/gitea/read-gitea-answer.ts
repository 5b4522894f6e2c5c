import { ServiceError } from '../service-error.ts';
import type { GiteaAnswer, GiteaMethod } from './gitea-request.ts';

interface Asked {
  readonly gitea: string;
  readonly method: GiteaMethod;
  readonly path: string;
  readonly expectText?: boolean;
  readonly statuses?: readonly number[];
}

// Only the caller knows what these mean for its request: absent, taken, malformed.
const alwaysGiven = [400, 404, 409, 412, 422];

/** Reads one answer to its end, or throws the error that it stands for. */
export async function readGiteaAnswer(response: Response, asked: Asked): Promise<GiteaAnswer> {
  const { gitea, method, path } = asked;
  const { status, headers } = response;
  const text = await wholeText(response, asked);
  if (response.ok) return { status, headers, body: parseBody(text, asked, status) };
  if (alwaysGiven.includes(status) || asked.statuses?.includes(status)) return { status, headers, body: lenient(text) };
  if (status === 401 || status === 403) throw new ServiceError('GITEA_ACCESS_DENIED', { gitea, path, status });
  // Gitea answers 429 and redirects before it acts; a 5xx may come after.
  if (status >= 500 && method !== 'GET') throw new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea, path, status });
  if (status >= 500 || status === 429 || status < 400) {
    throw new ServiceError('GITEA_UNREACHABLE', { gitea, reason: `status ${String(status)}` });
  }
  throw new ServiceError('GITEA_REQUEST_REFUSED', { gitea, path, status });
}

/** A job writes its own log: without a limit, one job could fill the memory of the service that reads all logs. */
const mostBytes = 64 * 1024 * 1024;

async function wholeText(response: Response, { gitea, method, path }: Asked): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const part of response.body ?? []) {
      const piece = part as Uint8Array; // A body's stream gives bytes.
      bytes += piece.byteLength;
      if (bytes > mostBytes) break;
      parts.push(piece);
    }
  } catch (cause) {
    if (method === 'GET') throw new ServiceError('GITEA_UNREACHABLE', { gitea, reason: 'answer cut off' }, { cause });
    throw new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea, path, status: response.status }, { cause });
  }
  if (bytes <= mostBytes) return new TextDecoder().decode(Buffer.concat(parts));
  if (method === 'GET') throw new ServiceError('GITEA_ANSWER_MALFORMED', { gitea, path, place: 'more than 64 MiB' });
  throw new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea, path, status: response.status });
}

function parseBody(text: string, { gitea, method, path, expectText = false }: Asked, status: number): unknown {
  if (expectText) return text;
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may contain a new credential, so it is not kept as the cause.
    if (method === 'GET') throw new ServiceError('GITEA_ANSWER_MALFORMED', { gitea, path, place: '' });
    throw new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea, path, status });
  }
}

function lenient(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text === '' ? null : text;
  }
}

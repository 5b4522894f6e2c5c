import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Session } from '../databases/database-engine.ts';
import { type ServerTls, tlsOptions } from '../databases/server-tls.ts';
import { type ProviderAnswer, providerRequest, type SendRequest } from '../shared/provider-request.ts';

interface ManagementCall {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Segments of the path, each as it is; they are encoded here. */
  readonly path: readonly string[];
  readonly body?: unknown;
}

/**
 * Asks RabbitMQ's management API as administrator, with the target's own authority. Every status that is neither a
 * success nor 404 is an error. Source: RabbitMQ, "Management HTTP API".
 */
export async function askManagement(
  issuer: string,
  { login, tls, signal, deadline }: Session,
  management: string,
  { method, path, body }: ManagementCall,
): Promise<ProviderAnswer> {
  const basic = Buffer.from(`${login.user}:${login.password.reveal()}`).toString('base64');
  return await providerRequest({
    issuer,
    provider: new URL(management).host,
    method,
    url: `${management.replace(/\/+$/, '')}/api/${path.map(encodeURIComponent).join('/')}`,
    headers: { authorization: `Basic ${basic}`, accept: 'application/json', 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
    changes: method !== 'GET',
    deadline,
    send: sendWith(tls),
  });
}

/** Sends one request and follows no redirect. `fetch` takes no authority. */
function sendWith(tls: ServerTls): SendRequest {
  return async (url, { method, headers, body, signal }) => {
    const start = url.startsWith('https:') ? httpsRequest : httpRequest;
    const options = { method, headers, signal, agent: false, ...(tls === 'off' ? {} : tlsOptions(tls)) };
    return await new Promise<Response>((resolve, reject) => {
      const request = start(url, options, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          // Far more than the list of a user's rights or connections; the limit protects memory.
          if (length > 16 * 1024 * 1024) response.destroy(new RangeError('The answer is too long.'));
          chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const status = response.statusCode ?? 500;
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status: status < 200 ? 500 : status }));
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  };
}

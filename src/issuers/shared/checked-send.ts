import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { ServiceError } from '../../service-error.ts';
import { type Network, classifyNetwork } from './classify-network.ts';
import type { SendRequest } from './provider-request.ts';

/**
 * Sends to a host only if all its addresses are in the policy's network. The connection uses a checked address, so that
 * a name that resolves differently a moment later cannot redirect it. Follows no redirect and uses no proxy.
 */
export function checkedSend(issuer: string, network: Network): SendRequest {
  return async (url, { method, headers, body, signal }) => {
    const target = new URL(url);
    const addresses = await resolveAddresses(target.hostname.replace(/^\[|\]$/g, ''));
    if (addresses.length === 0 || addresses.some(({ address }) => classifyNetwork(address) !== network)) {
      const reason = `the name does not resolve only to the ${network} network`;
      throw new ServiceError('PROVIDER_REQUEST_REFUSED', { issuer, provider: target.host, reason });
    }
    const pinned: LookupFunction = (_, options, answer) => {
      if (options.all === true) answer(null, addresses);
      else answer(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
    };
    return await new Promise<Response>((resolve, reject) => {
      const start = target.protocol === 'https:' ? httpsRequest : httpRequest;
      const options = { method, headers: { ...headers, connection: 'close' }, signal, lookup: pinned, agent: false };
      const request = start(target, options, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          // Far more than any answer of the protocol needs; the limit protects memory.
          if (length > 1024 * 1024) response.destroy(new RangeError('The answer is too long.'));
          chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const status = response.statusCode ?? 500;
          const known = Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
            typeof value === 'string' ? [[name, value]] : [],
          );
          const empty = status === 204 || status === 205 || status === 304;
          resolve(
            new Response(empty ? null : Buffer.concat(chunks), { status: status < 200 ? 500 : status, headers: known }),
          );
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  };
}

async function resolveAddresses(host: string): Promise<{ address: string; family: number }[]> {
  const family = isIP(host);
  return family === 0 ? await lookup(host, { all: true }) : [{ address: host, family }];
}

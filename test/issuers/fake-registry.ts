import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Password {
  name: string;
  value: string;
  expiry: string | null;
  creationTime: string;
}

const group = '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/shop/providers';
const registryId = `${group}/Microsoft.ContainerRegistry/registries/ShopImages`;
export const registryToken = {
  id: `${registryId}/tokens/ci-push`,
  user: 'ci-push',
  loginServer: 'shopimages.azurecr.io',
};

/**
 * A registry's token at Azure Resource Manager, and its login server, on loopback: written by hand from the published
 * examples, independent of the product.
 */
export async function fakeRegistry(armToken: string) {
  const passwords: Password[] = [];
  const results = new Map<string, unknown>();
  let status = 'enabled';
  /** How many asks a generated password takes until it is told; `null`: it is told at once. */
  let slow: number | null = null;
  let elsewhere: string | null = null;
  /** Sign-ins that reach a server which does not know a new password yet. */
  let behind = 0;
  /** Whether every second sign-in reaches a server that does not know it. */
  let uneven = false;
  let signIns = 0;
  const set = (name: string, expiry: string | null): Password => {
    const made = { name, expiry, value: randomBytes(24).toString('base64'), creationTime: '2026-03-01T00:00:00Z' };
    passwords.splice(0, Infinity, ...passwords.filter((one) => one.name !== name), made);
    return made;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://arm');
      const reply = (code: number, body: unknown, headers: Record<string, string> = {}) => {
        response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      };
      const fault = (code: number, word: string) => reply(code, { error: { code: word, message: 'about it' } });
      const { authorization = '' } = request.headers;
      if (url.pathname === '/oauth2/token') return signIn(authorization, url.searchParams.get('service'));
      if (authorization !== `Bearer ${armToken}`) return fault(401, 'InvalidAuthenticationToken');
      if (url.searchParams.get('api-version') !== '2023-07-01') return fault(400, 'NoRegisteredProviderFound');
      if (request.method === 'GET' && url.pathname === registryToken.id) return reply(200, token());
      if (request.method === 'GET' && url.pathname.startsWith(`${registryId}/operationStatuses/`)) {
        const left = Number(url.searchParams.get('left'));
        return left > 0 ? later(left - 1) : reply(200, results.get(url.pathname));
      }
      if (request.method !== 'POST' || url.pathname !== `${registryId}/generateCredentials`)
        return fault(404, 'ResourceNotFound');
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
      if (asked['tokenId'] !== registryToken.id) return fault(400, 'InvalidTokenId');
      const { name, expiry, value } = set(asked['name'] ?? '', asked['expiry'] ?? null);
      // Azure tells the one that it made, and lists the other without its value.
      const told = { username: registryToken.user, passwords: [{ name, expiry, value }] };
      if (slow === null) return reply(200, told);
      results.set(`${registryId}/operationStatuses/registries-1`, told);
      return later(slow);

      function later(left: number): void {
        const location = `${registryId}/operationStatuses/registries-1?api-version=2023-07-01&left=${String(left)}`;
        response.writeHead(202, { location: elsewhere ?? location }).end();
      }

      function signIn(basic: string, service: string | null): void {
        const [user, password = ''] = Buffer.from(basic.replace(/^Basic /, ''), 'base64')
          .toString()
          .split(/:(.*)/s);
        signIns += 1;
        const reached = behind-- <= 0 && !(uneven && signIns % 2 === 0);
        const known = reached && passwords.some(({ value: its }) => its === password);
        if (user === registryToken.user && service === registryToken.loginServer && known && status === 'enabled')
          return reply(200, { access_token: 'registry-token' });
        return reply(401, { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required', detail: null }] });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    passwords,
    /** Somebody makes a password, which expires when they say, or never. */
    set,
    disable: () => void (status = 'disabled'),
    answerLater: (asks: number) => void (slow = asks),
    answerElsewhere: (address: string) => {
      slow = 1;
      elsewhere = address;
    },
    stayBehind: (times: number) => void (behind = times),
    forgetEverySecond: () => {
      uneven = true;
      signIns = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function token(): unknown {
    return {
      id: registryToken.id,
      name: registryToken.user,
      type: 'Microsoft.ContainerRegistry/registries/tokens',
      properties: {
        creationDate: '2026-01-01T00:00:00Z',
        scopeMapId: `${registryId}/scopeMaps/ci-push`,
        provisioningState: 'Succeeded',
        status,
        credentials: {
          passwords: passwords.map(({ name, expiry, creationTime }) => ({
            name,
            creationTime,
            ...(expiry === null ? {} : { expiry }),
          })),
        },
      },
    };
  }
}

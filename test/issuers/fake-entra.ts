import { createHash, randomBytes, randomUUID, verify, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Password {
  keyId: string;
  displayName: string;
  hint: string;
  secretText: string;
  endDateTime: string;
}

interface Certificate {
  keyId: string;
  displayName: string;
  key: string;
  endDateTime: string;
}

export const application = {
  id: '11111111-2222-4333-8444-555555555555',
  appId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
  tenant: 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff',
};

/** Graph's applications and the token endpoint of one tenant, on loopback, with one application. */
export async function fakeEntra(graphToken: string) {
  const passwords: Password[] = [];
  const certificates: Certificate[] = [];
  let propagating = 0;
  /** Tries that reach a server which knows the credential already, before those that do not. */
  let converged = 0;
  let concurrent = 0;
  let longest = Number.POSITIVE_INFINITY;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const url = new URL(request.url ?? '', 'http://x');
      const answer = url.pathname.includes('/oauth2/')
        ? token(url, new URLSearchParams(text))
        : graph(request.method ?? '', url, text);
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(answer.body === null ? undefined : JSON.stringify(answer.body));
    });

    function graph(method: string, { pathname, searchParams }: URL, text: string): { status: number; body: unknown } {
      if (request.headers.authorization !== `Bearer ${graphToken}`)
        return refuse(401, 'InvalidAuthenticationToken', '');
      const base = `/v1.0/applications/${application.id}`;
      if (!pathname.startsWith(base)) return refuse(404, 'Request_ResourceNotFound', '');
      if (method === 'GET' && pathname === base) return ok(200, listOf(searchParams.get('$select') ?? ''));
      if (concurrent > 0) {
        concurrent -= 1;
        return refuse(400, 'Request_BadRequest', 'Error due to concurrent requests being made to the tenant.');
      }
      const body = JSON.parse(text) as {
        keyId?: string;
        passwordCredential?: Password;
        keyCredential?: Certificate;
        proof?: string;
      };
      const end = Date.parse((body.passwordCredential ?? body.keyCredential)?.endDateTime ?? '');
      if (end > longest) return refuse(400, 'CredentialInvalidLifetimeAsPerAppMethodPolicy', 'exceeds the max value');
      switch (pathname.slice(base.length + 1)) {
        case 'addPassword': {
          const { displayName = '', endDateTime = '' } = body.passwordCredential ?? {};
          const secretText = `${randomBytes(3).toString('hex')}~Q.${randomBytes(24).toString('base64url')}`;
          const made = { keyId: randomUUID(), displayName, endDateTime, secretText, hint: secretText.slice(0, 3) };
          passwords.push(made);
          return ok(200, made);
        }
        case 'removePassword':
          return remove(passwords, body.keyId);
        case 'addKey': {
          if (!isProof(body.proof)) return refuse(401, 'Authentication_MissingOrMalformed', '');
          const { displayName = '', endDateTime = '', key = '' } = body.keyCredential ?? {};
          const made = { keyId: randomUUID(), displayName, endDateTime, key };
          certificates.push(made);
          return ok(200, { ...made, key: null });
        }
        case 'removeKey':
          if (!isProof(body.proof)) return refuse(401, 'Authentication_MissingOrMalformed', '');
          return remove(certificates, body.keyId);
        default:
          return refuse(400, 'Request_BadRequest', 'no such action');
      }
    }

    function token({ pathname }: URL, form: URLSearchParams): { status: number; body: unknown } {
      if (pathname !== `/${application.tenant}/oauth2/v2.0/token`) return denied(90002);
      if (form.get('grant_type') !== 'client_credentials' || form.get('client_id')?.toLowerCase() !== application.appId)
        return denied(700016);
      if (converged > 0) converged -= 1;
      else if (propagating > 0) {
        propagating -= 1;
        return denied(form.has('client_secret') ? 7000215 : 700027);
      }
      if (form.has('client_secret')) {
        const known = passwords.some(({ secretText }) => secretText === form.get('client_secret'));
        return known ? ok(200, { access_token: accessToken(), token_type: 'Bearer' }) : denied(7000215);
      }
      const url = `${address()}${pathname}`;
      const signed = isSigned(
        form.get('client_assertion') ?? '',
        (claims) => claims['aud'] === url && claims['sub'] === application.appId,
      );
      return signed ? ok(200, { access_token: accessToken(), token_type: 'Bearer' }) : denied(700027);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  /** The server's external address; a proxy has another. */
  let outside = '';
  const address = () => (outside === '' ? own() : outside);
  const own = () => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: own(),
    passwords,
    certificates,
    setAddress: (url: string) => {
      outside = url;
    },
    propagateAfter: (tries: number, knownFirst = 0) => {
      propagating = tries;
      converged = knownFirst;
    },
    /** The latest expiry that the tenant's policy allows. */
    allowUntil: (end: Date) => {
      longest = end.getTime();
    },
    refuseAsConcurrent: (times: number) => {
      concurrent = times;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function listOf(select: string): Record<string, unknown> {
    const all = {
      appId: application.appId,
      passwordCredentials: passwords.map(({ keyId, displayName, hint, endDateTime }) => ({
        keyId,
        displayName,
        hint,
        endDateTime,
        secretText: null,
      })),
      keyCredentials: certificates.map(({ keyId, displayName, endDateTime }) => ({
        keyId,
        displayName,
        endDateTime,
        key: null,
      })),
    };
    return Object.fromEntries(Object.entries(all).filter(([field]) => select.split(',').includes(field)));
  }

  function isProof(proof = ''): boolean {
    return isSigned(
      proof,
      (claims) => claims['aud'] === '00000002-0000-0000-c000-000000000000' && claims['iss'] === application.id,
    );
  }

  /** Whether a certificate of the application signed it with the required claims. */
  function isSigned(assertion: string, says: (claims: Record<string, unknown>) => boolean): boolean {
    const [head = '', body = '', signature = ''] = assertion.split('.');
    const header = parsed(head);
    const claims = parsed(body);
    const lifetime = Number(claims['exp']) - Number(claims['nbf']);
    if (header['alg'] !== 'RS256' || !says(claims) || !(lifetime > 0 && lifetime <= 3_600)) return false;
    return certificates.some(({ key }) => {
      const certificate = new X509Certificate(Buffer.from(key, 'base64'));
      const thumbprint = createHash('sha1').update(certificate.raw).digest('base64url');
      const right = verify(
        'sha256',
        Buffer.from(`${head}.${body}`),
        certificate.publicKey,
        Buffer.from(signature, 'base64url'),
      );
      return thumbprint === header['x5t'] && right;
    });
  }

  function accessToken(): string {
    const claims = { appid: application.appId, tid: application.tenant };
    return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
  }
}

function remove(list: { keyId: string }[], keyId = ''): { status: number; body: unknown } {
  const at = list.findIndex((one) => one.keyId === keyId);
  if (at === -1) return refuse(400, 'Request_BadRequest', 'No credentials found to be removed');
  list.splice(at, 1);
  return ok(204, null);
}

function parsed(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function ok(status: number, body: unknown) {
  return { status, body };
}

function refuse(status: number, code: string, message: string) {
  return { status, body: { error: { code, message } } };
}

function denied(code: number) {
  return {
    status: 401,
    body: { error: 'invalid_client', error_description: `AADSTS${String(code)}: no`, error_codes: [code] },
  };
}

import { randomBytes, X509Certificate } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { loopbackCertificate } from '../../loopback-certificate.ts';
import { type LoopbackAnswer, type LoopbackRequest, startLoopbackServer } from '../../loopback-server.ts';
import { azureIds } from '../azure-ids.ts';
import { type ApplicationCredentials, refuseProof } from './client-proof.ts';
import { type DeviceSignIns, deviceSignIns } from './device-sign-ins.ts';
import type { EmbeddedEntra } from './entra.ts';
import type { IdentityRegister } from './identity-register.ts';
import type { Principal } from './managed-identity.ts';

/** The state behind a token request. */
interface TokenIssuer {
  readonly register: IdentityRegister;
  readonly credentials: ReadonlyMap<string, ApplicationCredentials>;
  readonly devices: DeviceSignIns;
  /** The address of this Entra. */
  readonly authority: string;
}

/** `POST /{tenant}/oauth2/v2.0/token` for applications, and the tenant's metadata, over https. */
export async function startEntra(options: {
  readonly clock: Clock;
  readonly register: IdentityRegister;
  readonly port?: number;
}): Promise<EmbeddedEntra & { stop(): Promise<void> }> {
  const { register } = options;
  const tls = await loopbackCertificate();
  const credentials = new Map<string, ApplicationCredentials>();
  const devices = deviceSignIns();
  let failure = { status: 0, times: 0 };

  const server = await startLoopbackServer({
    clock: options.clock,
    tls,
    ...(options.port === undefined ? {} : { port: options.port }),
    answer(request) {
      const [tenant = '', ...route] = request.segments;
      if (tenant.toLowerCase() !== azureIds.tenant) {
        return refuse(400, 'invalid_request', 90002, `Tenant '${tenant}' not found`);
      }
      const path = route.join('/');
      if (request.method === 'GET' && path === 'v2.0/.well-known/openid-configuration') return metadata(url());
      if (request.method !== 'POST' || !/^oauth2\/v2\.0\/(?:token|devicecode)$/.test(path)) return { status: 404 };
      if (failure.times > 0) {
        failure = { ...failure, times: failure.times - 1 };
        return refuse(failure.status, 'temporarily_unavailable', 90033, 'A transient error has occurred');
      }
      if (path === 'oauth2/v2.0/devicecode') return answerDeviceRequest(request, devices);
      return answerTokenRequest(request, { register, credentials, devices, authority: url() });
    },
  });
  return {
    url: url(),
    tenantId: azureIds.tenant,
    certificate: tls.cert,
    define(application) {
      const principal = register.define({ ...application, kind: 'service-principal' });
      credentials.set(principal.clientId, { secrets: [], certificates: [], federated: [] });
      return principal;
    },
    addSecret(principal, expires = new Date(Date.now() + 180 * 86_400_000)) {
      const value = `${randomBytes(3).toString('hex')}~${randomBytes(24).toString('base64url')}`;
      credentialsOf(principal).secrets.push({ value, expires });
      return value;
    },
    addCertificate: (principal, certificate) =>
      void credentialsOf(principal).certificates.push(new X509Certificate(certificate)),
    addFederatedCredential: (principal, credential) => void credentialsOf(principal).federated.push(credential),
    userCodes: () => devices.userCodes(),
    setSignInPage: (address) => devices.setPage(address),
    enterCode: (userCode, by) => devices.enterCode(userCode, by),
    failNext(status, times) {
      failure = { status, times };
    },
    stop: () => server.stop(),
  };

  function url(): string {
    return `https://localhost:${String(server.port)}`;
  }

  function credentialsOf({ clientId }: Principal): ApplicationCredentials {
    const found = credentials.get(clientId);
    if (found === undefined) throw new TypeError('This principal is no application of the embedded Entra.');
    return found;
  }
}

function answerTokenRequest(
  request: LoopbackRequest,
  { register, credentials, devices, authority }: TokenIssuer,
): LoopbackAnswer {
  const form = new URLSearchParams(request.body);
  if (form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:device_code') {
    const answer = devices.ask(form.get('device_code') ?? '', clientOf(form), Date.now());
    if (answer.kind === 'refused') return refuse(400, answer.error, answer.code, answer.text);
    return issued(register.issue(answer.person, answer.resource));
  }
  if (form.get('grant_type') !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 70003, 'The grant type is not supported');
  }
  const clientId = clientOf(form);
  const principal = register.principals().find((one) => one.clientId === clientId);
  const known = credentials.get(clientId);
  if (principal === undefined || known === undefined) {
    return refuse(400, 'unauthorized_client', 700016, `Application with identifier '${clientId}' was not found`);
  }
  const resource = resourceOf(form);
  if (resource === null) return refuse(400, 'invalid_scope', 1002012, 'The scope is not valid');
  const endpoint = `${authority}/${azureIds.tenant}/oauth2/v2.0/token`;
  // Proofs use the machine's clock, like tokens.
  const refusal = refuseProof(form, known, { clientId, endpoint, now: new Date() });
  if (refusal !== null) return refuse(401, 'invalid_client', refusal.code, refusal.text);
  return issued(register.issue(principal, resource));
}

/** `POST /{tenant}/oauth2/v2.0/devicecode`: any client may start a sign-in, as public clients do. */
function answerDeviceRequest(request: LoopbackRequest, devices: DeviceSignIns): LoopbackAnswer {
  const form = new URLSearchParams(request.body);
  const resource = resourceOf(form);
  if (clientOf(form) === '') return refuse(400, 'invalid_request', 900144, "The request body must contain 'client_id'");
  if (resource === null) return refuse(400, 'invalid_scope', 1002012, 'The scope is not valid');
  return { status: 200, body: devices.start(clientOf(form), resource, Date.now()) };
}

function clientOf(form: URLSearchParams): string {
  return (form.get('client_id') ?? '').toLowerCase();
}

function resourceOf(form: URLSearchParams): string | null {
  return /^(https:\/\/[a-z.]+)\/\.default$/.exec(form.get('scope') ?? '')?.[1] ?? null;
}

function issued({ token, known }: ReturnType<IdentityRegister['issue']>): LoopbackAnswer {
  const secondsLeft = known.expiresOn - Math.floor(Date.now() / 1000);
  return {
    status: 200,
    headers: { 'Cache-Control': 'no-store, no-cache' },
    body: { token_type: 'Bearer', expires_in: secondsLeft, ext_expires_in: secondsLeft, access_token: token },
  };
}

/** The part of the tenant's OpenID configuration that clients read before they request a token. */
function metadata(authority: string): LoopbackAnswer {
  const tenant = `${authority}/${azureIds.tenant}`;
  return {
    status: 200,
    body: {
      token_endpoint: `${tenant}/oauth2/v2.0/token`,
      authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
      issuer: `${tenant}/v2.0`,
      jwks_uri: `${tenant}/discovery/v2.0/keys`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    },
  };
}

/** Entra's error body: the code is in the text and in a list. */
function refuse(status: number, error: string, code: number, text: string): LoopbackAnswer {
  const description = `AADSTS${String(code)}: ${text}.`;
  return { status, body: { error, error_description: description, error_codes: [code] } };
}

import { Hono } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Logger } from '../log/logger.ts';
import { ServiceError } from '../service-error.ts';
import { attemptLimit, type AttemptLimit } from './attempt-limit.ts';
import { givePlaceholders, openBrokerSession, readThroughBroker, useThroughBroker } from './broker/answer-broker.ts';
import { receiveGiteaEvent } from './hooks/gitea-events.ts';
import { allowDelivery, receiveKeyVaultEvent } from './hooks/key-vault-events.ts';
import { receiveReceipts } from './hooks/receipts.ts';
import { hasRole } from './portal/design/page.ts';
import { portalPages } from './portal/portal-pages.ts';
import { showRefusal } from './portal/show-refusal.ts';
import { finishSignIn, signIn, signOut } from './sign-in/answer-sign-in.ts';
import type { TokenScope } from './tokens/api-token.ts';
import type { WebPorts } from './web-ports.ts';
import { prometheusType } from '../telemetry/prometheus-text.ts';
import type { Connection, Role, Who } from './caller.ts';
import { type Access, who } from './who.ts';
import { clientAddress } from './client-address.ts';

type Environment = { Bindings: { connection: Connection }; Variables: { asking: Who } };

/**
 * The web application of every host: portal, downloads and hooks. It identifies the sender of every request first, and
 * denies a route that has no rule. Hooks authenticate themselves, after the same first check.
 */
export function createWeb(ports: WebPorts, access: Access): Hono<Environment> {
  const web = new Hono<Environment>();
  const limit = attemptLimit(ports.now);

  web.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
  });
  // Before the sender is identified: a probe has no session and may use any host name. The answer is one word.
  web.get('/healthz', (context) => context.text('ok'));
  web.get('/readyz', async (context) => {
    const checks = await ports.readiness();
    return checks.every(({ ready }) => ready) ? context.text('ready') : context.text('unready', 503);
  });
  web.use(async (context, next) => {
    await ports.trace('http request', { method: context.req.method }, async (note) => {
      await next();
      const route = matchedRoutes(context).findLast(({ method }) => method !== 'ALL')?.path ?? 'none';
      note({ route, status: context.res.status });
    });
  });
  web.use(async (context, next) => {
    const { pathname } = new URL(context.req.url);
    const isOpen = !ports.brokersOnly || pathname.startsWith('/broker/') || pathname === '/metrics';
    return isOpen ? await next() : await showRefusal(context.req.raw, 404, 'This process serves jobs alone.');
  });
  web.use(async (context, next) => {
    const asking = await who(context.req.raw, context.env.connection, { ...access, limit });
    // Wrong headers and hosts are refused for hooks too. Only a missing sign-in is for the hook itself to decide.
    if (asking.kind === 'nobody' && (asking.refused || !settlesItself(context.req.raw))) {
      return await showRefusal(context.req.raw, asking.status, asking.reason);
    }
    // These routes take other proofs, which go to Gitea or the tenant: an API token must not.
    if (asking.kind === 'somebody' && asking.scopes !== null && settlesItself(context.req.raw))
      throw new ServiceError('API_TOKEN_NEEDS_SCOPE', { scope: null });
    context.set('asking', asking);
    return await next();
  });

  web.get('/sign-in', async (context) => await signIn(context.req.raw, access));
  web.get('/sign-in/callback', async (context) => await finishSignIn(context.req.raw, access));
  web.post('/sign-out', async (context) => await signOut(context.req.raw, access));
  web.get('/readyz/details', needs('auditor', 'read'), async (context) =>
    context.json({ checks: await ports.readiness() }),
  );
  web.get('/metrics', needs('operator', 'metrics'), async (context) =>
    context.body(await ports.metrics(), 200, { 'content-type': prometheusType }),
  );
  web.get('/openapi.json', needs('auditor', 'any'), async (context) =>
    context.json((await import('./interface/openapi-document.ts')).openApiDocument()),
  );
  for (const { method, path, role, scope, answer } of portalPages) {
    web.on(method, path, needs(role, scope), async (context) => {
      const { req } = context;
      const query = new URL(req.url).searchParams;
      const parameter = (name: string) => req.param(name) ?? '';
      return await answer({ request: req.raw, query, asking: context.get('asking'), ports, parameter });
    });
  }
  addHooks(web, ports, limit);
  web.notFound((context) => showRefusal(context.req.raw, 404, 'Unknown page.'));
  web.onError((error, context) => answerError(error, context.req.raw, ports.logger));
  return web;
}

/** Lets a person through by role, and an API token by scope; `null` is for people alone. */
function needs(role: Role, scope: TokenScope | 'any' | null) {
  return async (context: { get(name: 'asking'): Who; req: { raw: Request } }, next: () => Promise<void>) => {
    const asking = context.get('asking');
    const isToken = asking.kind === 'somebody' && asking.scopes !== null;
    if (isToken && scope !== 'any' && (scope === null || !asking.scopes.includes(scope)))
      throw new ServiceError('API_TOKEN_NEEDS_SCOPE', { scope });
    if (isToken || hasRole(asking, role)) {
      await next();
      return undefined;
    }
    return showRefusal(context.req.raw, 403, `This needs the role ${role}.`);
  };
}

/** Routes whose sender proves itself. Where a proof is put to Gitea, those that fail are bounded. */
function addHooks(web: Hono<Environment>, ports: WebPorts, limit: AttemptLimit): void {
  web.post('/events/key-vault', async (context) => receiveKeyVaultEvent(context.req.raw, context.get('asking'), ports));
  web.options('/events/key-vault', (context) => allowDelivery(context.req.raw));
  web.post('/events/gitea', async (context) => await receiveGiteaEvent(context.req.raw, ports));
  const proven = {
    '/receipts': receiveReceipts,
    '/broker/sessions': openBrokerSession,
    '/broker/reads': readThroughBroker,
    '/broker/uses': useThroughBroker,
    '/broker/uses/placeholders': givePlaceholders,
  };
  for (const [path, answer] of Object.entries(proven)) {
    web.post(path, async ({ req: { raw }, env: { connection } }) => {
      const answered = async () => await answer(raw, ports);
      return await limit.bound(clientAddress(raw, connection), answered, ({ status }) => !isUnproven(status));
    });
  }
}

/** 503 too: Gitea was asked, and did not answer. */
function isUnproven(status: number): boolean {
  return status === 401 || status === 503;
}

const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: a browser then sends `Origin: null` with our own forms too, and every act would be refused.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Routes that authenticate the sender themselves: hooks by signature or token, sign-in by a code, sign-out by the session. */
const selfAuthenticated = [
  'POST /events/key-vault',
  'OPTIONS /events/key-vault',
  'POST /events/gitea',
  'POST /receipts',
  'POST /broker/sessions',
  'POST /broker/reads',
  'POST /broker/uses',
  'POST /broker/uses/placeholders',
  'GET /sign-in',
  'GET /sign-in/callback',
  'POST /sign-out',
];

function settlesItself(request: Request): boolean {
  return selfAuthenticated.includes(`${request.method} ${new URL(request.url).pathname}`);
}

const statusOf: Readonly<Record<string, number>> = {
  API_TOKEN_NEEDS_SCOPE: 403,
  API_TOKEN_REFUSED: 401,
  TOO_MANY_ATTEMPTS: 429,
  REQUEST_MALFORMED: 400,
  REQUEST_TOO_LARGE: 413,
  REQUEST_FORBIDDEN: 403,
  FINDING_DECISION_REFUSED: 409,
  ACCESS_ANSWER_REFUSED: 403,
  REQUEST_FROM_ANOTHER_SITE: 403,
  SECRET_NOT_BOUND: 409,
  // For the operator to mend, so it is logged like every failure of the server.
  IDENTITY_PROVIDER_REFUSED_PORTAL: 503,
};

async function answerError(error: unknown, request: Request, logger: Logger): Promise<Response> {
  if (!ServiceError.is(error)) {
    logger.error('A request failed.', { error });
    return await showRefusal(request, 500, 'Something failed in a way that Keyturn does not know.');
  }
  const status = statusOf[error.code] ?? (error.retry === 'never' ? 422 : 503);
  if (status >= 500) logger.warn('A request could not be answered.', { error });
  const answer = await showRefusal(request, status, error.message, error.code);
  if (ServiceError.is(error, 'TOO_MANY_ATTEMPTS'))
    answer.headers.set('retry-after', String(error.details.retryAfterSeconds));
  return answer;
}

import { portalPages } from '../portal/portal-pages.ts';
import { tokenScopes } from '../tokens/api-token.ts';
import { componentSchemas } from './components.ts';
import type { AnswerBody, Proof, RouteDescription } from './route-description.ts';
import { routeTable } from './route-table.ts';

/** One part of the document, as JSON. */
type Part = Readonly<Record<string, unknown>>;

/** Describes the whole HTTP interface. Source: the OpenAPI Specification, 3.1.1. */
export function openApiDocument(): Part {
  const paths: Record<string, Record<string, Part>> = {};
  for (const one of routeTable) (paths[one.path] ??= {})[one.method.toLowerCase()] = operation(one);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Keyturn',
      version: '1',
      summary: 'Rotates the secrets that Gitea pipelines use, and accounts for every read.',
      description:
        'Pages of the portal answer JSON to a request that carries an API token, or that accepts application/json. docs/automation.md tells how programs ask.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: componentSchemas(), securitySchemes },
  };
}

const securitySchemes = {
  apiToken: {
    type: 'http',
    scheme: 'bearer',
    description: `A token of keyturn token create. Its scopes: ${Object.entries(tokenScopes)
      .map(([name, says]) => `${name} ${says}`)
      .join('; ')}.`,
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: 'keyturn-session',
    description: 'A person who signed in. Where a platform authenticates, its own sign-in takes this place.',
  },
  runtimeToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'ACTIONS_RUNTIME_TOKEN of a running job, which Gitea confirms.',
  },
  jobKey: {
    type: 'apiKey',
    in: 'header',
    name: 'DPoP',
    description: 'A proof by the key of the job (RFC 9449), with the digest of the body as the claim body.',
  },
  eventGrid: { type: 'http', scheme: 'bearer', description: "A token of the tenant for Event Grid's application." },
  giteaSignature: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Gitea-Signature',
    description: 'The HMAC of the raw body under the secret of the webhook.',
  },
} as const;

type Requirement = Readonly<Partial<Record<keyof typeof securitySchemes, readonly string[]>>>;

function operation(described: RouteDescription): Part {
  const { method, path, summary, parameters = [], query = {}, headers = {}, body, answers } = described;
  const security = securityOf(described);
  const taken = [
    ...parameters.map(({ name, says }) => ({
      name,
      in: 'path',
      required: true,
      description: says,
      schema: { type: 'string' },
    })),
    ...Object.entries(query).map(([name, says]) => ({
      name,
      in: 'query',
      description: says,
      schema: { type: 'string' },
    })),
    ...Object.entries(headers).map(([name, says]) => ({
      name,
      in: 'header',
      required: true,
      description: says,
      schema: { type: 'string' },
    })),
  ];
  return {
    operationId: operationId(method, path),
    summary,
    security,
    ...(taken.length === 0 ? {} : { parameters: taken }),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(body) }),
    responses: Object.fromEntries(
      Object.entries({ ...commonAnswers(described), ...answers }).map(([status, answer]) => [status, response(answer)]),
    ),
  };
}

function requestBodyOf(body: NonNullable<RouteDescription['body']>): Part {
  if (body === 'bytes') return { required: false, content: { 'application/octet-stream': {} } };
  return { required: true, content: { 'application/json': { schema: referTo(body) } } };
}

/** `GET /secrets/{vault}/{name}` is `getSecretsByVaultByName`. */
function operationId(method: string, path: string): string {
  const words = path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => part.replace(/^\{(.+)\}$/, 'by-$1').replaceAll('.', '-'))
    .flatMap((part) => part.split('-'))
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  return `${method.toLowerCase()}${words.length === 0 ? 'Overview' : words.join('')}`;
}

function securityOf({ method, path, proof }: RouteDescription): readonly Requirement[] {
  if (proof === 'none' || proof === 'probe') return [];
  if (proof === 'runtimeTokenAndKey') return [{ runtimeToken: [], jobKey: [] }];
  if (proof === 'key') return [{ jobKey: [] }];
  if (typeof proof === 'string' && proof !== 'page') return [{ [proof]: [] }];
  const { role, scope } = needsOf({ method, path, proof });
  return [{ session: [role] }, ...(scope === null ? [] : [{ apiToken: scope === 'any' ? [] : [scope] }])];
}

function needsOf({ method, path, proof }: Pick<RouteDescription, 'method' | 'path' | 'proof'>): Exclude<Proof, string> {
  if (typeof proof === 'object') return proof;
  const page = portalPages.find((one) => one.method === method && openApiPath(one.path) === path);
  if (page === undefined) throw new Error(`The portal has no page ${method} ${path}.`);
  return page;
}

/** `/reports/:id/:file{.+}` is `/reports/{id}/{file}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}');
}

/** What a route may answer that no row of the table needs to say. */
function commonAnswers({ proof }: RouteDescription): Readonly<Record<number, AnswerBody>> {
  if (proof === 'probe') return {};
  const refusals = { 401: 'Fault', 403: 'Fault', 404: 'Fault', 429: 'Fault', 500: 'Fault' } as const;
  return proof === 'page' || typeof proof === 'object' ? { ...refusals, 503: 'Fault' } : refusals;
}

/** Answers without a schema of JSON. */
const plainAnswers: ReadonlyMap<AnswerBody, Part> = new Map([
  ['empty', { description: 'No body.' }],
  ['to a form', { description: 'To a form of the portal: leads back to its page.' }],
  ['to a page', { description: 'Leads on.' }],
  ['any', { description: 'The bytes.', content: { '*/*': {} } }],
  ['text/plain', { description: 'Text.', content: { 'text/plain': { schema: { type: 'string' } } } }],
  ['text/html', { description: 'A page.', content: { 'text/html': { schema: { type: 'string' } } } }],
]);

function response(answer: AnswerBody): Part {
  const names = Array.isArray(answer) ? answer.map(String) : [String(answer)];
  return (
    plainAnswers.get(answer) ?? {
      description: descriptionOf(names),
      content: { 'application/json': { schema: schemaOf(names) } },
    }
  );
}

function descriptionOf(names: readonly string[]): string {
  return names.some((name) => name === 'Fault' || name === 'BrokerFault')
    ? 'Refused, or it could not be done.'
    : 'Done.';
}

function schemaOf(names: readonly string[]): Part {
  const [first = '', ...others] = names;
  return others.length === 0 ? referTo(first) : { anyOf: names.map(referTo) };
}

function referTo(name: string): Part {
  return { $ref: `#/components/schemas/${name}` };
}

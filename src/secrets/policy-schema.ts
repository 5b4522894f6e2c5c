import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDuration } from './duration.ts';
import { pathPatternFault } from './path-pattern.ts';
import { framingHeaders } from './secret-use.ts';

/** A duration as text, in milliseconds once read. */
const duration = z.string().transform((written, context) => {
  const milliseconds = parseDuration(written);
  if (milliseconds !== null) return milliseconds;
  context.addIssue('must be a whole number and one unit, such as 90d, 24h, 15m or 10s');
  return z.NEVER;
});

function text(pattern: RegExp, says: string): z.ZodString {
  return z.string().regex(pattern, `must be ${says}`);
}

const name = text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'a name of letters, digits, dot, hyphen and underscore');
const repository = text(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, 'a repository as owner/name');
const objectId = text(
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'an object id such as 11111111-2222-3333-4444-555555555555',
);
/** Key Vault's rule for names, prefixed with the vault's short name if the settings name several vaults. */
const secretName = text(/^([A-Za-z][A-Za-z0-9-]{1,62}\/)?[0-9A-Za-z-]{1,127}$/, 'NAME or VAULT/NAME of a secret');
const target = z.record(
  text(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'the name of a field'),
  z.union(
    [z.string(), z.number(), z.boolean(), z.array(z.string())],
    'must be text, a number, true, false or a list of texts',
  ),
);
const address = z.string().refine(isAddress, 'must be an IP address or a range such as 10.1.0.0/16');

const mode = z.enum(['automatic', 'by-hand', 'off']);
const first = z.enum(['automatic', 'go']);
const hour = text(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time such as 22:30');
const window = z.strictObject({
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1, 'must name a day at least')
    .default(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']),
  from: hour,
  to: hour,
  timeZone: z.string().refine(isTimeZone, 'must be the name of a time zone such as Europe/Berlin').default('UTC'),
});
const perHour = z.int().min(1, 'must be 1 at least').max(10_000, 'must be 10000 at most');

/** What holds for every secret that does not say otherwise, and for all of them together. */
const defaults = z.strictObject({
  mode: mode.default('automatic'),
  first: first.default('go'),
  windows: z.array(window).default([]),
  check: duration.default(6 * 3_600_000),
  mostPerHour: perHour.nullable().default(null),
  mostPerHourIn: z.record(name, perHour).default({}),
  environmentOrder: z.array(name).default(['dev', 'staging', 'prod']),
});

const workflow = text(/^[\w.-]{1,100}\.ya?ml$/, 'the file name of a workflow, such as deploy.yml');

/** The broker gives the secret to a job only after a person agreed. */
const access = z.strictObject({
  approval: z.literal('required'),
  approvers: z.array(name).min(1, 'must name somebody').default(['operator']),
  lasts: duration.default(30 * 60_000),
  uses: z.int().min(1, 'must be 1 at least').max(100, 'must be 100 at most').default(1),
  when: z
    .strictObject({
      branches: z.array(z.string().min(1)).default([]),
      events: z.array(z.string().min(1)).default([]),
      workflows: z.array(workflow).default([]),
      protectedBranch: z.boolean().default(false),
    })
    .prefault({}),
});

/** Kinds of places, with the name of the header or of the field where one is needed. */
const place = z.union(
  [
    z.enum(['basic', 'body', 'none']),
    // What frames a request, or names its host, is the broker's to write.
    z.templateLiteral(['header:', z.string().regex(/^[a-z0-9-]{1,64}$/)]).refine((written) => {
      const header = written.slice('header:'.length);
      return header !== 'host' && !framingHeaders.has(header);
    }, 'must be header:NAME of a header that frames no request and names no host'),
    z.templateLiteral(['query:', z.string().regex(/^[\w.-]{1,64}$/)]),
  ],
  'must be header:NAME in lower case, basic, query:NAME, body or none',
);
const hostName = text(
  /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'the name of a host in lower case, without a port, or an IPv4 address',
);
const method = text(/^(?!CONNECT$|TRACE$)[A-Z]{3,20}$/, 'a method in capitals, other than CONNECT and TRACE');
const delivery = z.enum(['use', 'value']);

/** Requests that the broker makes with the secret in the place of a job. */
const use = z.strictObject({
  hosts: z.array(hostName).min(1, 'must name a host'),
  port: z.int().min(1, 'must be 1 at least').max(65_535, 'must be 65535 at most').default(443),
  methods: z.array(method).min(1, 'must name a method'),
  paths: z
    .array(
      z.string().superRefine((pattern, context) => {
        const fault = pathPatternFault(pattern);
        if (fault !== null) context.addIssue(fault);
      }),
    )
    .min(1, 'must name a path'),
  place,
  addresses: z.enum(['public', 'private', 'loopback']).default('public'),
});

const secret = z.strictObject({
  /** Without one the secret is only tracked. */
  issuer: name.optional(),
  /** Says that a person looked: the name speaks of a provider, and the value is random all the same. */
  reviewed: z.boolean().optional(),
  /** Who is told, in the operator's words: a team, a person, an address. */
  owner: z.string().trim().min(1, 'must name somebody').max(200, 'must have 200 characters at most').optional(),
  reminders: z.array(duration).max(10, 'must be 10 at most').optional(),
  target: target.optional(),
  validity: duration,
  grace: duration.optional(),
  consumersLifetime: duration.optional(),
  minimumAge: duration.optional(),
  rotationsPerDay: z.int().min(1, 'must be 1 at least').max(24, 'must be 24 at most').optional(),
  environment: name.nullable().default(null),
  namespaces: z.array(name).default([]),
  access: access.optional(),
  uses: z.array(use).max(20, 'must be 20 at most').optional(),
  delivery: delivery.optional(),
  approval: z.array(z.enum(['publish', 'revoke'])).optional(),
  group: name.nullable().optional(),
  alsoPublish: z.array(target).optional(),
  mode: mode.optional(),
  first: first.optional(),
  windows: z.array(window).optional(),
  check: duration.optional(),
});

const person = z.strictObject({
  issuer: z.url('must be the address of an identity provider'),
  subject: z.string().min(1).max(255),
  gitea: z.int().min(1, 'must be the id of an account at Gitea'),
});

const namespace = z.strictObject({
  repositories: z.array(repository).default([]),
  branches: z.array(z.string().min(1)).default([]),
  events: z.array(z.string().min(1)).default([]),
  forks: z.boolean().default(false),
  workflows: z.array(workflow).default([]),
  protectedBranch: z.boolean().default(false),
  delivery: delivery.optional(),
});

const identity = z.strictObject({
  role: z.enum(['runner', 'rotator', 'reporter', 'broker', 'platform']),
  labels: z.array(z.string().min(1)).default([]),
  repositories: z.array(repository).default([]),
  addresses: z.array(address).default([]),
  sharedHost: z.boolean().default(false),
});

/** `keyturn.policy.yml` as it is written, with the defaults. docs/policy.md explains each key. */
export const policySchema = z.strictObject({
  format: z.literal(1),
  defaults: defaults.prefault({}),
  secrets: z.record(secretName, secret).default({}),
  namespaces: z.record(name, namespace).default({}),
  identities: z.record(objectId, identity).default({}),
  people: z.record(name, person).default({}),
});

export type WrittenPolicy = z.infer<typeof policySchema>;
export type WrittenSecret = z.infer<typeof secret>;

/**
 * Returns the parts that are valid by themselves, so that faults between parts are reported together with faults within
 * one.
 */
export function rightParts(given: unknown): WrittenPolicy {
  const parts = z.object({ secrets: anyMap, namespaces: anyMap, identities: anyMap, people: anyMap }).safeParse(given);
  const { secrets = {}, namespaces = {}, identities = {}, people = {} } = parts.data ?? {};
  const written = z.object({ defaults: defaults.catch(defaults.parse({})) }).safeParse(given);
  return {
    format: 1,
    defaults: written.data?.defaults ?? defaults.parse({}),
    secrets: right(secret, secrets),
    // An invalid part still has its name.
    namespaces: { ...mapValues(namespaces, () => namespace.parse({})), ...right(namespace, namespaces) },
    identities: right(identity, identities),
    people: right(person, people),
  };
}

/** An entry of `secrets` with mistakes, and what its other keys say. */
export interface DamagedSecret {
  readonly key: string;
  readonly written: WrittenSecret;
  /** The keys that hold the mistakes or are missing; `written` leaves them out. */
  readonly faulty: ReadonlySet<PropertyKey>;
}

/** Returns each entry of `secrets` that has mistakes and whose other keys can be read. */
export function damagedSecrets(given: unknown): readonly DamagedSecret[] {
  const { secrets = {} } = z.object({ secrets: anyMap }).safeParse(given).data ?? {};
  return Object.entries(secrets).flatMap(([key, part]): DamagedSecret[] => {
    const issues = secret.safeParse(part).error?.issues ?? [];
    const faulty = new Set(
      issues.flatMap(({ code, path, ...issue }) =>
        code === 'unrecognized_keys' && path.length === 0 && 'keys' in issue ? issue.keys : path.slice(0, 1),
      ),
    );
    if (faulty.size === 0 || typeof part !== 'object' || part === null) return [];
    const sound = Object.entries(part).filter(([one]) => !faulty.has(one));
    const rest = secret.safeParse({ validity: '90d', ...Object.fromEntries(sound) });
    return rest.data === undefined ? [] : [{ key, written: rest.data, faulty }];
  });
}

const anyMap = z.record(z.string(), z.unknown()).catch({});

function right<Part>(schema: z.ZodType<Part>, given: Readonly<Record<string, unknown>>): Record<string, Part> {
  const read = Object.entries(given).map(([key, part]) => ({ key, ...schema.safeParse(part) }));
  return Object.fromEntries(read.flatMap(({ key, data }) => (data === undefined ? [] : [[key, data]])));
}

function mapValues<Part>(given: Readonly<Record<string, unknown>>, make: () => Part): Record<string, Part> {
  return Object.fromEntries(Object.keys(given).map((key) => [key, make()]));
}

function isTimeZone(given: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: given });
    return true;
  } catch {
    return false;
  }
}

function isAddress(given: string): boolean {
  const [host = '', length, ...rest] = given.split('/');
  const family = isIP(host);
  if (family === 0 || rest.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}

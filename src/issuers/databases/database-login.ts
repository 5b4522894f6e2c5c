import { jsonProperties } from '../../gitea/json-properties.ts';
import { SecretValue } from '../../secrets/secret-value.ts';

/** A server and one of its databases. */
export interface DatabasePlace {
  /** `postgresql`, `mysql` or `redis`. */
  readonly scheme: string;
  /** The scheme to publish if the value in force has none; defaults to `scheme`. */
  readonly written?: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** One user of one database. User and password are one value, so that no reader mixes two logins. */
export interface DatabaseLogin extends DatabasePlace {
  readonly user: string;
  readonly password: SecretValue;
}

export type LoginForm = 'url' | 'json';

/** Other spellings of a scheme in clients. `rediss` and `amqps` are over TLS. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  postgresql: ['postgres'],
  mysql: ['mariadb'],
  redis: ['rediss'],
  amqp: ['amqps'],
};
/** URL parameters that name a second login or server. */
const parametersOfPlace = /^(?:user|username|password|passfile|host|hostaddr|port|dbname|database|db|service)$/i;
const fields = ['host', 'port', 'database', 'user', 'password'] as const;

/**
 * `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, or `{"host","port","database","user","password"}`. `inForce`: the
 * current value. If the form is the same, its scheme, URL parameters (such as `sslmode`) and further JSON fields are
 * kept, so that a new password does not change how readers connect.
 */
export function formatLogin(login: DatabaseLogin, form: LoginForm, inForce: SecretValue | null): SecretValue {
  const { host, port, database, user, password } = login;
  if (form === 'json') {
    const more = Object.fromEntries(inForce === null ? [] : furtherFields(inForce.reveal()));
    return new SecretValue(JSON.stringify({ ...more, host, port, database, user, password: password.reveal() }));
  }
  const old = inForce === null ? null : URL.parse(inForce.reveal());
  const model = old !== null && isScheme(old.protocol, login) ? old : null;
  const credential = `${encodeURIComponent(user)}:${encodeURIComponent(password.reveal())}`;
  const scheme = model?.protocol ?? `${login.written ?? login.scheme}:`;
  const address = `${host}:${String(port)}/${encodeURIComponent(database)}`;
  return new SecretValue(`${scheme}//${credential}@${address}${model?.search ?? ''}`);
}

/**
 * Parses a login in either form. Returns `null` unless it is for exactly this place. A URL may have parameters and a
 * JSON object further fields, but none that names a second login or server, because it would be published again beside
 * the new one.
 */
export function parseLogin(value: SecretValue, place: DatabasePlace): DatabaseLogin | null {
  const plaintext = value.reveal();
  const login = plaintext.trimStart().startsWith('{') ? fromJson(plaintext) : fromUrl(plaintext, place);
  if (login === null || login.user === '' || login.password === '') return null;
  const same = login.host === place.host && login.port === place.port && login.database === place.database;
  return same ? { ...place, user: login.user, password: new SecretValue(login.password) } : null;
}

interface Parts {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

function fromUrl(plaintext: string, place: DatabasePlace): Parts | null {
  const url = URL.parse(plaintext);
  if (url === null || !isScheme(url.protocol, place)) return null;
  if ([...url.searchParams.keys()].some((name) => parametersOfPlace.test(name))) return null;
  try {
    return {
      host: url.hostname,
      port: url.port === '' ? place.port : Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    // Not percent-encoded correctly.
    return null;
  }
}

function isScheme(protocol: string, { scheme }: Pick<DatabasePlace, 'scheme'>): boolean {
  return [scheme, ...(aliases[scheme] ?? [])].some((one) => protocol === `${one}:`);
}

function fromJson(plaintext: string): Parts | null {
  const parts = parseProperties(plaintext);
  const [host, port, database, user, password] = fields.map((name) => parts.get(name));
  const texts = typeof host === 'string' && typeof database === 'string' && typeof user === 'string';
  if (!texts || typeof port !== 'number' || typeof password !== 'string') return null;
  const more = JSON.stringify(furtherFields(plaintext).map(([, value]) => value));
  // A field such as `uri` that repeats the password would keep the old password.
  return password !== '' && more.includes(password) ? null : { host, port, database, user, password };
}

function furtherFields(plaintext: string): readonly (readonly [string, unknown])[] {
  const known: readonly string[] = fields;
  return [...parseProperties(plaintext)].filter(([name]) => !known.includes(name));
}

function parseProperties(plaintext: string): ReadonlyMap<string, unknown> {
  try {
    return jsonProperties(JSON.parse(plaintext));
  } catch {
    // The parser's message quotes the text.
    return new Map();
  }
}

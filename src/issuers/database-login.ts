import { jsonProperties } from '../gitea/json-properties.ts';
import { SecretValue } from '../secrets/secret-value.ts';

/** Which server, and which database of it. */
export interface DatabasePlace {
  /** `postgresql`, `mysql` or `redis`. */
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** One user of one database. User and password travel together, so that no reader ever holds halves of two logins. */
export interface DatabaseLogin extends DatabasePlace {
  readonly user: string;
  readonly password: SecretValue;
}

export type LoginForm = 'url' | 'json';

/** `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, or `{"host","port","database","user","password"}`. */
export function formatLogin(login: DatabaseLogin, form: LoginForm): SecretValue {
  const { scheme, host, port, database, user, password } = login;
  if (form === 'json') {
    return new SecretValue(JSON.stringify({ host, port, database, user, password: password.reveal() }));
  }
  const credential = `${encodeURIComponent(user)}:${encodeURIComponent(password.reveal())}`;
  return new SecretValue(`${scheme}://${credential}@${host}:${String(port)}/${encodeURIComponent(database)}`);
}

/** A login in either form, or `null` when it is not one of exactly this place. Parameters of a URL are let through. */
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
  if (url === null || url.protocol !== `${place.scheme}:`) return null;
  try {
    return {
      host: url.hostname,
      port: url.port === '' ? place.port : Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    };
  } catch {
    // Not percent-encoded as a URL must be.
    return null;
  }
}

function fromJson(plaintext: string): Parts | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(plaintext);
  } catch {
    return null;
  }
  const parts = jsonProperties(parsed);
  const [host, port, database, user, password] = ['host', 'port', 'database', 'user', 'password'].map((name) =>
    parts.get(name),
  );
  const texts = typeof host === 'string' && typeof database === 'string' && typeof user === 'string';
  if (!texts || typeof port !== 'number' || typeof password !== 'string') return null;
  return { host, port, database, user, password };
}

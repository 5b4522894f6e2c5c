import type { DatabasePlace } from './database-login.ts';
import { type PasswordRules, passwordFaults, passwordFields } from './database-password.ts';
import { tlsFaults, tlsFields } from './server-tls.ts';
import { oneOf, optional, orNull, text, wholeNumber } from '../shared/target-fields.ts';
import type { TargetFault } from '../shared/target-shape.ts';

/** The rules of a password where a server has none of its own. */
export const plainPassword: PasswordRules = { length: 40, alphabet: 'alphanumeric', classes: [] };

/** The target fields of all database issuers. */
export function databaseFields(defaultPort: number, password: PasswordRules = plainPassword) {
  return {
    host: text(/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/, "a server's name, lower-case"),
    port: optional(wholeNumber(1, 65_535), defaultPort),
    database: text(/[\w-]{1,63}/, "a database's name"),
    /** The login that sets the passwords. */
    administrator: text(/[0-9a-z-]{1,64}\/[0-9A-Za-z-]{1,127}/, 'the secret of an administrator, as vault/name'),
    form: optional(oneOf(['url', 'json']), 'url'),
    ...tlsFields,
    ...passwordFields(password),
  };
}

/** A statement of the policy that a new login must run before it is published. Its effects are rolled back. */
export const probeField = orNull(text(/[^\0;]{1,2000}/, 'one statement without a semicolon'));

/** The target of a server that runs statements. */
export interface ProbePlace {
  readonly probe: string | null;
}

/** Faults between the fields of all database issuers. */
export function databaseFaults(
  target: Parameters<typeof tlsFaults>[0] & Parameters<typeof passwordFaults>[0],
): readonly TargetFault[] {
  return [...tlsFaults(target), ...passwordFaults(target)];
}

export function databasePlace(
  scheme: string,
  { host, port, database }: Pick<DatabasePlace, 'host' | 'port' | 'database'>,
): DatabasePlace {
  return { scheme, host, port, database };
}

import type { Tls } from './database-engine.ts';
import type { DatabasePlace } from './database-login.ts';
import { oneOf, optional, text, wholeNumber } from '../shared/target-fields.ts';
import type { TargetFault } from '../shared/target-shape.ts';

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3})$/;

/** The target fields of all database issuers. */
export function databaseFields(defaultPort: number) {
  return {
    host: text(/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/, "a server's name, lower-case"),
    port: optional(wholeNumber(1, 65_535), defaultPort),
    database: text(/[\w-]{1,63}/, "a database's name"),
    /** The login that sets the passwords. */
    administrator: text(/[0-9a-z-]{1,64}\/[0-9A-Za-z-]{1,127}/, 'the secret of an administrator, as vault/name'),
    tls: optional(oneOf(['verify', 'off']), 'verify'),
    form: optional(oneOf(['url', 'json']), 'url'),
  };
}

interface Reached {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly tls: Tls;
}

export function tlsFaults({ host, tls }: Reached): readonly TargetFault[] {
  return tls === 'verify' || loopback.test(host)
    ? []
    : [{ place: 'target.tls', reason: 'must be verify: the server is not on this machine' }];
}

export function databasePlace(scheme: string, { host, port, database }: Reached): DatabasePlace {
  return { scheme, host, port, database };
}

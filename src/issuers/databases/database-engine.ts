import type { SecretValue } from '../../secrets/secret-value.ts';
import type { DatabaseLogin } from './database-login.ts';

/** How to reach a server: `off` is accepted for loopback addresses alone. */
export type Tls = 'verify' | 'off';

export interface Session {
  readonly login: DatabaseLogin;
  readonly tls: Tls;
  readonly signal: AbortSignal;
}

type SignIn =
  | { readonly outcome: 'in'; readonly user: string; readonly notes: readonly string[] }
  /** The server does not accept this user with this password. Any other trouble is thrown. */
  | { readonly outcome: 'refused' };

/**
 * What a database server can do for its users' passwords. Values are sent hashed or quoted, never pasted.
 * All reject with `PROVIDER_…` errors that carry the server's code and none of its text.
 */
export interface DatabaseEngine {
  /** Also the scheme of its URLs. */
  readonly scheme: string;
  readonly defaultPort: number;
  /** The server's codes for a password that its own rules refuse. */
  readonly policyCodes: readonly string[];
  /** Opens a session of its own, asks who it is, and closes it. */
  signIn(session: Session): Promise<SignIn>;
  /** As administrator. @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` when the connection broke behind the statement. */
  setPassword(administrator: Session, user: string, password: SecretValue, mark: string): Promise<void>;
  /** Leaves the user without a password that anybody knows. */
  endPassword(administrator: Session, user: string, mark: string): Promise<void>;
  /** What `setPassword` or `endPassword` last wrote beside the user; `null`: nothing. Left out where a server keeps no such thing. */
  readonly markOf?: (administrator: Session, user: string) => Promise<string | null>;
  /** What the user may do, in words that are equal when the rights are; empty when the administrator may not see it. */
  rightsOf(administrator: Session, user: string): Promise<readonly string[]>;
}

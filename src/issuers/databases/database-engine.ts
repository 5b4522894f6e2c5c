import type { SecretValue } from '../../secrets/secret-value.ts';
import type { DatabaseLogin } from './database-login.ts';

/** How to reach a server: `off` is accepted only for loopback addresses. */
export type Tls = 'verify' | 'off';

export interface Session {
  readonly login: DatabaseLogin;
  readonly tls: Tls;
  readonly signal: AbortSignal;
}

type SignIn =
  | { readonly outcome: 'in'; readonly user: string; readonly notes: readonly string[] }
  /** The server does not accept this user with this password. Any other failure is thrown. */
  | { readonly outcome: 'refused' };

/**
 * A database server's operations on users' passwords. Values are sent hashed or quoted, never interpolated. All reject
 * with `PROVIDER_…` errors that contain the server's code but none of its text.
 */
export interface DatabaseEngine {
  /** Also the scheme of its URLs. */
  readonly scheme: string;
  readonly defaultPort: number;
  /** The server's codes for a password that its own rules refuse. */
  readonly policyCodes: readonly string[];
  /** Opens a session, asks for its user, and closes it. */
  signIn(session: Session): Promise<SignIn>;
  /**
   * As administrator. @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` if the connection broke after the statement was
   * sent.
   */
  setPassword(administrator: Session, user: string, password: SecretValue, mark: string): Promise<void>;
  /** Leaves the user without a known password. */
  endPassword(administrator: Session, user: string, mark: string): Promise<void>;
  /**
   * The mark that `setPassword` or `endPassword` last wrote to the user; `null` if there is none. Absent if the server
   * has no place for it.
   */
  readonly markOf?: (administrator: Session, user: string) => Promise<string | null>;
  /** The user's rights in a comparable form; empty if the administrator may not see them. */
  rightsOf(administrator: Session, user: string): Promise<readonly string[]>;
}

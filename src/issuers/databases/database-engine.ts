import type { SessionsLeft } from '../../rotation/ports/credential-issuer.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import type { DatabaseLogin } from './database-login.ts';
import type { PasswordRules } from './database-password.ts';
import type { ServerTls } from './server-tls.ts';
import type { TargetField } from '../shared/target-shape.ts';
import type { SendDeadline } from '../../rotation/ports/send-deadline.ts';

export interface Session {
  readonly login: DatabaseLogin;
  readonly tls: ServerTls;
  readonly signal: AbortSignal;
  /** Statements that change something are not sent after it. */
  readonly deadline?: SendDeadline | undefined;
}

export type SignIn =
  /** `user`: who the server says has signed in, whatever role it acts as. */
  | { readonly outcome: 'in'; readonly user: string; readonly notes: readonly string[] }
  /**
   * The server does not accept the login, or it accepts it (`authenticated`) but neither lets it into the database nor
   * runs the probe. Any other failure is thrown. `reason`: only the server's code, none of its text.
   */
  | { readonly outcome: 'refused'; readonly authenticated: boolean; readonly reason: string };

/** A user as a server knows it, with the further fields of the target. */
export type UserOf<Place> = Place & { readonly name: string };

/**
 * A database server's operations on users' passwords. Values are sent hashed or quoted, never interpolated. All reject
 * with `PROVIDER_…` errors that contain the server's code but none of its text.
 */
export interface DatabaseEngine<Place = unknown> {
  /** Also the scheme of its URLs. */
  readonly scheme: string;
  /** The scheme to publish over TLS, if it differs. */
  readonly tlsScheme?: string;
  readonly defaultPort: number;
  /** How the server names its databases, if not in letters, digits, `_` and `-` alone. */
  readonly database?: TargetField<string>;
  /** The rules that a password meets unless the target has others. */
  readonly password: PasswordRules;
  /** Further fields of the target, such as a probe: what they hold is given to each operation. */
  readonly fields: { readonly [Name in keyof Place]: TargetField<Place[Name]> };
  /** Whether the driver can check a certificate that is for an address. */
  readonly verifiesAddresses: boolean;
  /** The server's codes for a password that its own rules refuse. */
  readonly policyCodes: readonly string[];
  /** Opens a session, asks for its user, runs the target's probe without keeping its effects, and closes the session. */
  signIn(session: Session, place: Place): Promise<SignIn>;
  /**
   * As administrator. @throws ServiceError `PROVIDER_ANSWER_UNCLEAR` if the connection broke after the statement was
   * sent.
   */
  setPassword(administrator: Session, user: UserOf<Place>, set: NewPassword): Promise<void>;
  /** Leaves the user without a known password. */
  endPassword(administrator: Session, user: UserOf<Place>, mark: string): Promise<void>;
  /** Counts the user's open sessions and, if told to, ends them. */
  sessionsOf(administrator: Session, user: UserOf<Place>, end: boolean): Promise<SessionsLeft>;
  /**
   * The mark that `setPassword` or `endPassword` last wrote to the user; `null` if there is none. Absent if the server
   * has no place for it.
   */
  readonly markOf?: (administrator: Session, user: UserOf<Place>) => Promise<string | null>;
  /**
   * What one of the two users can do and the other cannot, in words that are safe to print; empty if they can do the
   * same. At most a few of many.
   */
  compareRights(administrator: Session, place: Place, users: readonly [string, string]): Promise<readonly string[]>;
}

interface NewPassword {
  readonly password: SecretValue;
  readonly mark: string;
}

import { hourMs } from '../../secrets/duration.ts';
import { parsePerson, type Person } from '../../provenance/person.ts';
import { readCookie } from './cookies.ts';
import type { SpentTokens } from './spent-tokens.ts';
import type { OpenedToken, TokenSealer } from './token-sealer.ts';
import type { Role } from '../caller.ts';

interface Session {
  readonly person: Person;
  readonly roles: readonly Role[];
}

/** Sessions of people, sealed in their browsers' cookies, so that they outlive a restart and work at every instance. */
export interface Sessions {
  /** A code that signs in once, within ten minutes. */
  offerSignIn(session: Session): Promise<string>;
  /** Returns the cookie for a code, or `null` if the code is forged, used or too old. */
  signIn(code: string): Promise<string | null>;
  /**
   * Returns a cookie for a person. It is valid for one hour if an identity provider signed the person in, because only a new
   * sign-in reads the roles again; for eight hours after a link, which works once.
   */
  open(session: Session): Promise<string>;
  /** Returns the session in a Cookie header; `null` if there is none or it was ended. */
  find(cookieHeader: string | null): Promise<Session | null>;
  /** Ends the session in a Cookie header, at every instance. */
  end(cookieHeader: string | null): Promise<void>;
}

const sessionCookie = 'keyturn-session';
const linkSessionMs = 8 * hourMs;
const accountSessionMs = hourMs;
const codeMs = 10 * 60_000;

/** Every method rejects as the record store does if the key or the spent tokens cannot be read. */
export function createSessions(ports: {
  readonly sealer: TokenSealer;
  readonly spent: SpentTokens;
  readonly now: () => Date;
}): Sessions {
  const { sealer, spent, now } = ports;
  const after = (lifetimeMs: number) => new Date(now().getTime() + lifetimeMs);
  const open = async (session: Session) => {
    const lifetimeMs = session.person.kind === 'unnamed' ? linkSessionMs : accountSessionMs;
    return await sealer.seal('session', session, after(lifetimeMs));
  };

  async function tokenIn(cookies: string | null): Promise<OpenedToken | null> {
    const cookie = readCookie(cookies, sessionCookie);
    return cookie === null ? null : await sealer.open('session', cookie);
  }

  return {
    open,
    offerSignIn: async (session) => await sealer.seal('sign-in-link', session, after(codeMs)),

    async signIn(code) {
      const link = await sealer.open('sign-in-link', code);
      const session = sessionIn(link);
      if (link === null || session === null) return null;
      return (await spent.spend(link.id, link.endsAt)) ? await open(session) : null;
    },

    async find(cookies) {
      const token = await tokenIn(cookies);
      const session = sessionIn(token);
      if (token === null || session === null) return null;
      return (await spent.isSpent(token.id)) ? null : session;
    },

    async end(cookies) {
      const token = await tokenIn(cookies);
      if (token !== null) await spent.spend(token.id, token.endsAt);
    },
  };
}

/** The Set-Cookie header of a session. `Strict`: no other site's link or form carries it. */
export function setCookieHeader(cookie: string, secure: boolean): string {
  // The sealed end counts; the browser need not know it.
  return cookieHeader(cookie, linkSessionMs / 1000, secure);
}

/** The Set-Cookie header that makes a browser forget its session. */
export function forgetCookieHeader(secure: boolean): string {
  return cookieHeader('', 0, secure);
}

function cookieHeader(value: string, maxAgeSeconds: number, secure: boolean): string {
  const base = `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${String(maxAgeSeconds)}`;
  return secure ? `${base}; Secure` : base;
}

/** Another release may have sealed it, so unknown content is not a session. */
function sessionIn(token: OpenedToken | null): Session | null {
  const { person, roles } = (token?.content ?? {}) as { person?: unknown; roles?: unknown };
  const known = parsePerson(person);
  if (known === null || !Array.isArray(roles) || !roles.every(isRole)) return null;
  return { person: known, roles };
}

function isRole(value: unknown): value is Role {
  return value === 'auditor' || value === 'operator';
}

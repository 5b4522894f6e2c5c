import { createHash, randomBytes } from 'node:crypto';
import type { Person } from '../provenance/person.ts';
import type { Role } from './caller.ts';

export interface Session {
  readonly person: Person;
  readonly roles: readonly Role[];
  readonly endsAt: number;
}

/** Sessions of people, in this process's memory: a restart signs everybody out. Only digests of cookies are kept. */
export interface Sessions {
  /** A code that signs in once, within ten minutes. */
  offerSignIn(session: Omit<Session, 'endsAt'>): string;
  /** The cookie for a code, or `null` when the code is unknown, used or too old. */
  signIn(code: string): string | null;
  /** A cookie for somebody whom an identity provider has signed in. */
  open(session: Omit<Session, 'endsAt'>): string;
  find(cookieHeader: string | null): Session | null;
}

export const sessionCookie = 'keyturn-session';
const sessionMs = 8 * 3_600_000;
const codeMs = 10 * 60_000;

export function createSessions(now: () => Date): Sessions {
  const sessions = new Map<string, Session>();
  const codes = new Map<string, { session: Omit<Session, 'endsAt'>; endsAt: number }>();

  function open(session: Omit<Session, 'endsAt'>): string {
    const cookie = randomBytes(32).toString('base64url');
    sessions.set(digest(cookie), { ...session, endsAt: now().getTime() + sessionMs });
    return cookie;
  }

  return {
    open,
    offerSignIn(session) {
      const code = randomBytes(32).toString('base64url');
      codes.set(digest(code), { session, endsAt: now().getTime() + codeMs });
      return code;
    },
    signIn(code) {
      const offered = codes.get(digest(code));
      codes.delete(digest(code));
      if (offered === undefined || offered.endsAt <= now().getTime()) return null;
      return open(offered.session);
    },
    find(cookieHeader) {
      const cookie = readCookie(cookieHeader, sessionCookie);
      const session = cookie === null ? undefined : sessions.get(digest(cookie));
      if (session === undefined) return null;
      if (session.endsAt > now().getTime()) return session;
      sessions.delete(digest(cookie ?? ''));
      return null;
    },
  };
}

/** The Set-Cookie header of a session. `Strict`: no other site's link or form carries it. */
export function setCookieHeader(cookie: string, secure: boolean): string {
  const base = `${sessionCookie}=${cookie}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${String(sessionMs / 1000)}`;
  return secure ? `${base}; Secure` : base;
}

/** One cookie of a request's Cookie header; `null` when it is not there. */
export function readCookie(header: string | null, wanted: string): string | null {
  for (const part of header?.split(';') ?? []) {
    const [name, value] = part.trim().split('=', 2);
    if (name === wanted && value !== undefined) return value;
  }
  return null;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

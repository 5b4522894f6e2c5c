import { randomBytes } from 'node:crypto';
import type { Principal } from './managed-identity.ts';

/** How long a code is good, as Entra's is, and how often its client may ask: Entra says five seconds. */
const expiresSeconds = 900;
const intervalSeconds = 1;

interface SignIn {
  readonly clientId: string;
  readonly resource: string;
  readonly userCode: string;
  readonly expires: number;
  decided: { readonly person: Principal } | 'declined' | null;
}

/** What Entra answers to a client that asks whether its person has signed in. */
type DeviceAnswer =
  | { readonly kind: 'signed-in'; readonly person: Principal; readonly resource: string }
  | { readonly kind: 'refused'; readonly error: string; readonly code: number; readonly text: string };

/** The sign-ins by device code, RFC 8628, that are under way. A code is good once. */
export interface DeviceSignIns {
  /** The body of the answer that starts one. */
  start(clientId: string, resource: string, now: number): object;
  ask(deviceCode: string, clientId: string, now: number): DeviceAnswer;
  userCodes(): readonly string[];
  setPage(address: string): void;
  enterCode(userCode: string, by: { readonly person: Principal } | 'declined'): void;
}

export function deviceSignIns(): DeviceSignIns {
  const signIns = new Map<string, SignIn>();
  let page = 'https://microsoft.com/devicelogin';
  return {
    start(clientId, resource, now) {
      const deviceCode = randomBytes(48).toString('base64url');
      const userCode = randomBytes(5).toString('hex').toUpperCase().slice(0, 9);
      signIns.set(deviceCode, { clientId, resource, userCode, expires: now + expiresSeconds * 1000, decided: null });
      return {
        user_code: userCode,
        device_code: deviceCode,
        verification_uri: page,
        expires_in: expiresSeconds,
        interval: intervalSeconds,
        message: `To sign in, use a web browser to open the page ${page} and enter the code ${userCode} to authenticate.`,
      };
    },
    ask(deviceCode, clientId, now) {
      const signIn = signIns.get(deviceCode);
      if (signIn === undefined || signIn.clientId !== clientId) {
        return refused('bad_verification_code', 70018, 'The verification code is not valid');
      }
      if (now >= signIn.expires) return refused('expired_token', 70019, 'The verification code has expired');
      if (signIn.decided === null) return refused('authorization_pending', 70016, 'The authorization is pending');
      signIns.delete(deviceCode);
      if (signIn.decided === 'declined') return refused('authorization_declined', 65004, 'The person declined');
      return { kind: 'signed-in', person: signIn.decided.person, resource: signIn.resource };
    },
    userCodes: () => [...signIns.values()].filter(({ decided }) => decided === null).map(({ userCode }) => userCode),
    setPage(address) {
      page = address;
    },
    enterCode(userCode, by) {
      const signIn = [...signIns.values()].find((one) => one.userCode === userCode);
      if (signIn === undefined) throw new TypeError('No sign-in waits for this code.');
      signIn.decided = by;
    },
  };
}

function refused(error: string, code: number, text: string): DeviceAnswer {
  return { kind: 'refused', error, code, text };
}

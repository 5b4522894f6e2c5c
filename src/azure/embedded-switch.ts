import { ServiceError } from '../service-error.ts';

/** Options that let an Azure SDK client talk to the embedded cloud; empty for the real one. */
export interface EmbeddedSwitch {
  readonly allowInsecureConnection?: true;
  readonly disableChallengeResourceVerification?: true;
  readonly tlsOptions?: { readonly ca: string };
}

/**
 * Lifts the SDK's protection for an address of this machine, and for no other: the client may then use plain http,
 * accept a challenge for another domain, and trust one self-signed `certificate` (PEM). If not embedded, returns no
 * options, so that the SDK's own rules apply.
 * @throws ServiceError `SETTINGS_MALFORMED` for an address beyond loopback, because a token sent there could leak.
 */
export function embeddedSwitch(request: {
  readonly embedded: boolean;
  readonly url: string;
  readonly certificate?: string | null;
}): EmbeddedSwitch {
  if (!request.embedded) return {};
  if (!isLoopback(request.url)) {
    const fault = `KEYTURN_EMBEDDED: ${originOf(request.url)} is not an address of this machine`;
    throw new ServiceError('SETTINGS_MALFORMED', { faults: [fault] });
  }
  const trust = request.certificate == null ? {} : { tlsOptions: { ca: request.certificate } };
  return { allowInsecureConnection: true, disableChallengeResourceVerification: true, ...trust };
}

/** Whether an address names this machine: `localhost`, 127.0.0.0/8 or ::1, written as the URL parser writes them. */
export function isLoopback(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  // With a user name before the host, an address can pretend to be another one.
  if (url.username !== '' || url.password !== '') return false;
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
}

function originOf(text: string): string {
  return URL.parse(text)?.origin ?? 'the given text';
}

import { createTransport } from 'nodemailer';
import type { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import { messageOf } from './message-of.ts';
import type { Notification, Notifier } from './notifier.ts';

interface MailNotifierSettings {
  readonly host: string;
  readonly port: number;
  /** `required`: a server that offers no STARTTLS gets nothing. `if-offered` is for this machine alone. */
  readonly encryption: 'from-the-start' | 'required' | 'if-offered';
  /** `password`: asked for each message, because it may have been rotated. */
  readonly account: { readonly user: string; readonly password: () => Promise<SecretValue> } | null;
  readonly from: string;
  readonly to: readonly string[];
  readonly portal: string | null;
  readonly timeoutMs?: number;
  /** PEM of an authority that signs the server's certificate, beside those of Node. */
  readonly authority?: string;
}

/** A server answered these; every other failure leaves open whether the message arrived. Source: nodemailer, "Error codes". */
const refusals = new Set(['EAUTH', 'EENVELOPE', 'EMESSAGE', 'EOAUTH2', 'ENOAUTH']);

/**
 * Sends notifications as mail, one connection a message. The `Message-ID` is made of the notification's id, so that a mail that
 * is sent twice is one in most mailboxes. If a server takes a message for some addresses alone, later tries are for the others.
 */
export function mailNotifier(settings: MailNotifierSettings): Notifier {
  const { host, from, to, portal } = settings;
  const reached = new Map<string, Set<string>>();

  return {
    name: `mail ${host}`,
    check: async () => {
      const transport = await connection(settings);
      await guarded(host, async () => await transport.verify());
    },
    async send(notification) {
      const done = reached.get(notification.id) ?? new Set<string>();
      const missing = to.filter((address) => !done.has(address));
      const transport = await connection(settings);
      const { accepted, rejected } = await guarded(
        host,
        async () => await transport.sendMail({ from, to: missing, ...mailOf(notification, from, portal) }),
      );
      if (rejected.length === 0) return void reached.delete(notification.id);
      reached.set(notification.id, new Set([...done, ...accepted.map(addressOf)]));
      // 550: the answer to an address that does not take mail. Source: RFC 5321, 4.2.3.
      throw new ServiceError('NOTIFICATION_REFUSED', { receiver: host, status: 550 });
    },
  };
}

async function connection({ host, port, encryption, account, authority, timeoutMs = 10_000 }: MailNotifierSettings) {
  return createTransport({
    host,
    port,
    secure: encryption === 'from-the-start',
    requireTLS: encryption === 'required',
    ...(authority === undefined ? {} : { tls: { ca: authority } }),
    ...(account === null ? {} : { auth: { user: account.user, pass: (await account.password()).reveal() } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A message holds no file and no address of another.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function mailOf(notification: Notification, from: string, portal: string | null) {
  const { id, at, event } = notification;
  const { title, says, link } = messageOf(notification, portal);
  return {
    messageId: `<${id}@${from.slice(from.indexOf('@') + 1)}>`,
    date: at,
    subject: title,
    text: [says, ...(link === null ? [] : [link]), `${event.type} · ${id}`].join('\n\n'),
    // Source: RFC 3834. No answering machine answers.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Keyturn-Event': event.type },
  };
}

/** The server's own text is left out of errors: it may repeat what was sent. */
async function guarded<Value>(host: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    const { code, responseCode } = factsOf(error);
    if (refusals.has(code) && responseCode !== null)
      throw new ServiceError('NOTIFICATION_REFUSED', { receiver: host, status: responseCode });
    throw new ServiceError('NOTIFICATION_UNREACHABLE', {
      receiver: host,
      reason: /^E[A-Z0-9]+$/.test(code) ? code : 'unknown',
    });
  }
}

function factsOf(error: unknown): { readonly code: string; readonly responseCode: number | null } {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  const given = error instanceof Error && 'responseCode' in error ? error.responseCode : null;
  return { code, responseCode: typeof given === 'number' ? given : null };
}

function addressOf(accepted: string | { readonly address: string }): string {
  return typeof accepted === 'string' ? accepted : accepted.address;
}

import type { AddressInfo } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { loopbackCertificate } from '../../embedded/loopback-certificate.ts';
import { mailNotifier } from '../../src/notify/mail-notifier.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { notifierContract, type NotifierUnderTest } from '../contracts/notifier.contract.ts';

const servers: SMTPServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((done) => server.close(() => done()));
});

const password = 'correct horse battery staple';

/** A real SMTP server on loopback, with STARTTLS and accounts. */
async function mailServer(options: SMTPServerOptions = {}) {
  const mails: ParsedMail[] = [];
  const sessions: { readonly secure: boolean; readonly user: string | null; readonly to: readonly string[] }[] = [];
  const certificate = await loopbackCertificate();
  const behaviour = { refused: new Set<string>(), loses: false };
  const server = new SMTPServer({
    ...certificate,
    logger: false,
    closeTimeout: 100,
    onAuth: ({ username, password: given }, _session, done) =>
      given === password ? done(null, { user: username ?? '' }) : done(new Error('535 no')),
    onRcptTo: ({ address }, _session, done) =>
      behaviour.refused.has(address)
        ? done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }))
        : done(),
    onData(stream, session, done) {
      void (async () => {
        mails.push(await simpleParser(stream));
        sessions.push({
          secure: session.secure,
          user: typeof session.user === 'string' ? session.user : null,
          to: session.envelope.rcptTo.map(({ address }) => address),
        });
        // Where it loses, the mail is here and the answer never leaves: the connection ends.
        if (!behaviour.loses) done();
        else for (const connection of server.connections) connection.close();
      })();
    },
    ...options,
  });
  server.on('error', () => undefined);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.server.address() as AddressInfo;
  return { mails, sessions, behaviour, server, settings: { ...common, port, authority: certificate.cert } };
}

const common = {
  host: 'localhost',
  encryption: 'required',
  account: { user: 'keyturn', password: () => Promise.resolve(new SecretValue(password)) },
  from: 'keyturn@example.org',
  to: ['ops@example.org', 'second@example.org'],
  portal: 'https://keyturn.example.org',
  timeoutMs: 60_000,
} as const;

const notification = {
  id: 'msg_1',
  at: new Date('2026-03-01T00:00:00Z'),
  event: {
    type: 'rotation.awaits-approval',
    secret: 'kv/app',
    rotation: 'abc.1',
    since: '2026-03-01T00:00:00.000Z',
    step: 'revoke',
    reminder: false,
  },
} as const;

async function mailUnderTest(): Promise<NotifierUnderTest> {
  const { mails, behaviour, settings } = await mailServer();
  let away = false;
  const here = mailNotifier(settings);
  const nowhere = mailNotifier({ ...settings, port: 9 });
  return {
    notifier: { ...here, send: async (one) => await (away ? nowhere : here).send(one) },
    received: () =>
      Promise.resolve(
        mails.map(({ messageId = '', headers, text = '' }) => ({
          id: messageId.replace(/^<(.*)@.*$/, '$1'),
          type: JSON.stringify(headers.get('x-keyturn-event')).replaceAll('"', ''),
          text,
        })),
      ),
    behave: (how) => {
      away = how === 'is away';
      behaviour.refused = new Set(how === 'refuses' ? common.to : []);
      return Promise.resolve();
    },
  };
}

notifierContract('by mail', mailUnderTest);

describe('a mail', () => {
  it('is sent encrypted, signed in, to everybody, with a subject, a link and a mark that no machine shall answer', async () => {
    const { mails, sessions, settings } = await mailServer();
    await mailNotifier(settings).send(notification);
    expect(sessions).toEqual([{ secure: true, user: 'keyturn', to: common.to }]);
    expect(mails[0]).toMatchObject({
      subject:
        'Keyturn: The rotation of kv/app waits for a second person to approve that it may revoke the old credential',
      messageId: '<msg_1@example.org>',
      text: expect.stringContaining('https://keyturn.example.org/rotations') as string,
    });
    expect(mails[0]?.headers.get('auto-submitted')).toBe('auto-generated');
  });

  it('and its password go to no server without STARTTLS beyond this machine', async () => {
    const commands: string[] = [];
    const { mails, settings } = await mailServer({
      disabledCommands: ['STARTTLS'],
      authOptional: true,
      onAuth: ({ method }, _session, done) => {
        commands.push(method);
        done(null, { user: 'keyturn' });
      },
    });
    const failed = mailNotifier(settings).send(notification);
    await expect(failed).rejects.toMatchObject({ code: 'NOTIFICATION_UNREACHABLE', details: { reason: 'ETLS' } });
    expect([mails, commands]).toEqual([[], []]);
    await mailNotifier({ ...settings, encryption: 'if-offered', account: null }).send(notification);
    expect(mails).toHaveLength(1);
  });

  it('goes to no server whose certificate nobody signed that is trusted', async () => {
    const { mails, settings } = await mailServer();
    const { authority: _authority, ...untrusting } = settings;
    await expect(mailNotifier(untrusting).send(notification)).rejects.toMatchObject({
      code: 'NOTIFICATION_UNREACHABLE',
    });
    expect(mails).toEqual([]);
  });

  it('is encrypted from the start where the settings say so', async () => {
    const { sessions, settings } = await mailServer({ secure: true });
    await mailNotifier({ ...settings, encryption: 'from-the-start' }).send(notification);
    expect(sessions).toMatchObject([{ secure: true }]);
  });

  it('is refused with the status of the server for a wrong password, of which no error shows anything', async () => {
    const { settings } = await mailServer();
    const wrong = { user: 'keyturn', password: () => Promise.resolve(new SecretValue('swordfish')) };
    const notifier = mailNotifier({ ...settings, account: wrong });
    for (const act of [notifier.send(notification), notifier.check()]) {
      const failed = await act.catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: 'NOTIFICATION_REFUSED', details: { receiver: 'localhost', status: 535 } });
      expect(String(failed) + JSON.stringify(failed)).not.toContain('swordfish');
    }
  });

  it('whose answer is lost counts as not known to have arrived, and is sent again under the same Message-ID', async () => {
    const { mails, behaviour, settings } = await mailServer();
    const notifier = mailNotifier(settings);
    behaviour.loses = true;
    await expect(notifier.send(notification)).rejects.toMatchObject({
      code: 'NOTIFICATION_UNREACHABLE',
      effect: 'unknown',
    });
    behaviour.loses = false;
    await notifier.send(notification);
    expect(mails.map(({ messageId }) => messageId)).toEqual(['<msg_1@example.org>', '<msg_1@example.org>']);
  });

  it('that one address does not take is refused, and later tries go to that address alone', async () => {
    const { sessions, behaviour, settings } = await mailServer();
    const notifier = mailNotifier(settings);
    behaviour.refused = new Set(['second@example.org']);
    await expect(notifier.send(notification)).rejects.toMatchObject({ code: 'NOTIFICATION_REFUSED' });
    behaviour.refused = new Set();
    await notifier.send(notification);
    expect(sessions.map(({ to }) => to)).toEqual([['ops@example.org'], ['second@example.org']]);
  });
});

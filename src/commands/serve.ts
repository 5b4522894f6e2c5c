import { composeKeyturn } from '../compose.ts';
import { startServer } from '../server.ts';
import type { Run, Surroundings } from './command.ts';
import type { serveRow } from './host-rows.ts';

/** Runs the self-hosted host. */
export const serve: Run<typeof serveRow> = async ({ values }, surroundings) => {
  const { keyturn, sessions, settings, policy, logger } = await composeKeyturn(
    {
      ...surroundings.environment,
      ...(values.role === undefined ? {} : { KEYTURN_ROLE: values.role }),
      ...(values.data === undefined ? {} : { KEYTURN_DATA: values.data }),
      ...(values.json ? { KEYTURN_LOG_FORMAT: 'json' } : {}),
    },
    { logTo: { write: surroundings.say, isTerminal: surroundings.isTerminal } },
  );
  const server = await startServer(keyturn, { ...settings.listen, scheduled: true });
  const { role } = settings;
  logger.info(`Listening on ${server.url}, role ${role}.`, { listening: server.url, role });
  if (policy.secrets.size === 0) logger.info('Observe mode: no policy binds a secret, so nothing is rotated.');
  if (settings.openId === null && settings.platformAuthentication === null) {
    const code = await sessions.offerSignIn({
      person: { kind: 'unnamed', door: 'sign-in-link', name: 'operator' },
      roles: ['auditor', 'operator'],
    });
    // The link is a key to the portal: it is for the person at this terminal and is never part of a log line.
    surroundings.print(`Sign in once, within ten minutes: ${server.url}/sign-in?code=${code}`);
  }
  await untilStopped(surroundings);
  await server.stop();
  return 0;
};

async function untilStopped({ signal }: Surroundings): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

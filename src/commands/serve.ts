import { composeKeyturn } from '../compose.ts';
import { ServiceError } from '../service-error.ts';
import { startServer } from '../server.ts';
import type { Run, Surroundings } from './command.ts';
import type { serveRow } from './host-rows.ts';

/** Runs the self-hosted host. */
export const serve: Run<typeof serveRow> = async ({ values }, surroundings) => {
  const { keyturn, sessions, settings, policy } = await composeKeyturn({
    ...surroundings.environment,
    ...(values.role === undefined ? {} : { KEYTURN_ROLE: values.role }),
    ...(values.data === undefined ? {} : { KEYTURN_DATA: values.data }),
  });
  const tell = (line: string, event: object) =>
    surroundings.print(values.json ? JSON.stringify({ at: surroundings.now().toISOString(), ...event }) : line);
  const server = await startServer(keyturn, {
    ...settings.listen,
    scheduled: true,
    log: {
      info: (line) => tell(line, { says: line }),
      failure: (work, error) => {
        const code = ServiceError.is(error) ? error.code : 'UNKNOWN';
        tell(`${work} failed: ${code}`, { failed: work, code });
      },
    },
  });
  tell(`Listening on ${server.url}, role ${settings.role}.`, { listening: server.url, role: settings.role });
  if (policy.secrets.size === 0)
    tell('Observe mode: no policy binds a secret, so nothing is rotated.', { observing: true });
  if (settings.openId === null && settings.platformAuthentication === null) {
    const code = await sessions.offerSignIn({
      person: { kind: 'unnamed', door: 'sign-in-link', name: 'operator' },
      roles: ['auditor', 'operator'],
    });
    // The link is a key to the portal: it is for the person at this terminal and is never part of a log line.
    surroundings.say(`Sign in once, within ten minutes: ${server.url}/sign-in?code=${code}`);
  }
  await untilStopped(surroundings);
  await server.stop();
  return 0;
};

async function untilStopped({ signal }: Surroundings): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

import { composeKeyturn } from '../compose.ts';
import { ServiceError } from '../service-error.ts';
import { startServer } from '../server.ts';
import type { Command, Surroundings } from './command.ts';
import { readWords } from './read-words.ts';

const help = `
keyturn serve [--role rotate|report|all] [--data DIR] [--json]

Runs Keyturn beside Gitea: rotates by events and by the clock, collects jobs and log rows, writes reports, shows the portal.
It is set up by KEYTURN_… environment variables; docs/settings.md lists them, and four are enough to begin:
KEYTURN_VAULTS, KEYTURN_GITEA_URL with KEYTURN_GITEA_TOKEN, KEYTURN_LOG_WORKSPACE_ID, KEYTURN_IDENTITY_KIND.
Without a policy it observes and rotates nothing. Without an identity provider it listens on this machine alone and
prints a sign-in link that works once.

Example: keyturn serve --data /var/lib/keyturn
`;

/** The self-hosted host. */
export const serve: Command = {
  name: 'serve',
  summary: 'runs beside Gitea: rotates, collects, reports, shows the portal',
  help,
  async run(words, surroundings) {
    const { values } = readWords('serve', words, {
      role: { type: 'string' },
      data: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
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
      const code = sessions.offerSignIn({
        person: { kind: 'unnamed', door: 'sign-in-link', name: 'operator' },
        roles: ['auditor', 'operator'],
      });
      // The link is a key to the portal: it is for the person at this terminal and is never part of a log line.
      surroundings.say(`Sign in once, within ten minutes: ${server.url}/sign-in?code=${code}`);
    }
    await untilStopped(surroundings);
    await server.stop();
    return 0;
  },
};

async function untilStopped({ signal }: Surroundings): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
}

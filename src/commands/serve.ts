import { composeKeyturn } from '../compose.ts';
import { startServer } from '../server.ts';
import { openTelemetry } from '../telemetry/open-telemetry.ts';
import { version } from '../composition/version.ts';
import { startMetricsListener } from '../telemetry/metrics-listener.ts';
import type { Run } from './command.ts';
import type { serveRow } from './host-rows.ts';
import { untilStopped } from './until-stopped.ts';

/** Runs the self-hosted host. */
export const serve: Run<typeof serveRow> = async ({ values }, runtime) => {
  // Asked while it starts, it looks once it has started: without a handler the signal would end the process.
  const reload: { isAsked: boolean; act: () => void } = { isAsked: false, act: () => void (reload.isAsked = true) };
  runtime.onReload?.(() => reload.act());
  const telemetry = await openTelemetry(runtime.environment, version);
  const { keyturn, sessions, settings, policy, logger, metrics, samples } = await composeKeyturn(
    {
      ...runtime.environment,
      ...(values.role === undefined ? {} : { KEYTURN_ROLE: values.role }),
      ...(values.data === undefined ? {} : { KEYTURN_DATA: values.data }),
      ...(values.json ? { KEYTURN_LOG_FORMAT: 'json' } : {}),
    },
    { logTo: { write: (line) => runtime.say(line), isTerminal: runtime.isTerminal }, trace: telemetry.trace },
  );
  telemetry.observe(samples);
  const server = await startServer(keyturn, { ...settings.listen, scheduled: true });
  const { role, metricsPort } = settings;
  const metricsListener = metricsPort === null ? null : await startMetricsListener(metricsPort, metrics);
  logger.info(`Listening on ${server.url}, role ${role}.`, { listening: server.url, role });
  if (policy().secrets.size === 0) logger.info('Observe mode: no policy binds a secret, so nothing is rotated.');
  if (settings.openId === null && settings.platformAuthentication === null) {
    const code = await sessions.offerSignIn({
      person: { kind: 'unnamed', door: 'sign-in-link', name: 'operator' },
      roles: ['auditor', 'operator'],
    });
    // The link is a key to the portal: it is for the person at this terminal and is never part of a log line.
    runtime.print(`Sign in once, within ten minutes: ${server.url}/sign-in?code=${code}`);
  }
  reload.act = () => {
    keyturn.takeUpPolicy().catch((error: unknown) => logger.error('Could not take up the policy.', { error }));
  };
  if (reload.isAsked) reload.act();
  // What happened while no process ran is collected at once, not at the next full hour. `stop` waits for it.
  void server.run('collect jobs').then(async () => await server.run('collect retrievals'));
  await untilStopped(runtime);
  await metricsListener?.close();
  await server.stop();
  await telemetry.shutdown();
  return 0;
};

import type { Logger } from '../../log/logger.ts';
import type { Check } from './check.ts';

const levels = { pass: 'info', warn: 'warn', fail: 'error' } as const;

/** Logs each line of the look at the setup. `check-setup` in the line is what the alert of infra/alerts.bicep looks for. */
export function logChecks(
  logger: Logger,
  checks: readonly Check[],
): Readonly<Record<'passed' | 'warned' | 'failed', number>> {
  for (const { what, verdict, says, command } of checks)
    logger[levels[verdict]](
      `check-setup: ${what}: ${says}${command === null ? '' : ` Run: ${command.replaceAll('\n', '; ')}`}`,
    );
  const count = (verdict: Check['verdict']) => checks.filter((one) => one.verdict === verdict).length;
  return { passed: count('pass'), warned: count('warn'), failed: count('fail') };
}

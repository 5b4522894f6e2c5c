import { writeSync } from 'node:fs';
import { receiptMarker } from '../provenance/receipt-line.ts';
import { ServiceError } from '../service-error.ts';
import { childEnvironment } from './child-environment.ts';
import type { ExecOptions } from './exec-options.ts';
import type { FetchedSecret } from './fetch-secrets.ts';
import { startGuardian } from './guardian.ts';
import { decideMasks } from './mask-decision.ts';
import { maskLines } from './masks.ts';
import { patternIndex } from './pattern-index.ts';
import { startRedaction } from './redaction.ts';
import { leastLength, redactionPatterns } from './redaction-patterns.ts';
import { runCommand } from './run-command.ts';
import { startSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * `exec`: reads secrets, leaves their receipts, masks them, and runs a command with them, its output redacted.
 * Resolves with the exit code.
 */
export async function exec(options: ExecOptions, surroundings: Surroundings): Promise<number> {
  const { environment, say } = surroundings;
  // Before the session, whose messages are output too.
  const masks = decideMasks(environment);
  const session = startSession(surroundings, options.patienceMs);
  const guarded = startGuardian(2);
  const fetched = await session.fetch(options.requests);
  const values = valuesOf(fetched);
  for (const { request } of fetched.filter(({ secret }) => isShort(secret?.value.reveal()))) {
    say(`${request.name} has fewer than ${String(leastLength)} characters and is neither masked nor redacted`);
  }
  if (masks.masks && !options.noMasks) writeMasks(values);
  else if (!masks.masks && masks.reason !== null) say(`no masks were written: ${masks.reason}`);

  const index = patternIndex([...redactionPatterns(values), Buffer.from(receiptMarker)]);
  const variables = environmentOf(fetched);
  const guardian = await guarded;
  return await runCommand({
    command: options.command,
    environment: childEnvironment(environment, variables, options),
    redactions: [startRedaction(index), startRedaction(index)],
    descriptors: [],
    guardian,
    say,
  });
}

function valuesOf(fetched: readonly FetchedSecret[]): readonly string[] {
  return fetched.flatMap(({ secret }) => (secret === null ? [] : [secret.value.reveal()]));
}

function isShort(value: string | undefined): boolean {
  return value !== undefined && value.length < leastLength;
}

/** In one write, so that nothing comes between; the line feed ends what somebody may have left unfinished. */
function writeMasks(values: readonly string[]): void {
  const lines = maskLines(values);
  if (lines.length > 0) writeSync(2, `\n${lines.join('\n')}\n`);
}

function environmentOf(fetched: readonly FetchedSecret[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const { request, secret } of fetched) {
    if (secret === null || request.target.kind !== 'environment') continue;
    const value = secret.value.reveal();
    if (value.includes('\0')) {
      throw new ServiceError('SECRET_NOT_AN_ENVIRONMENT_VALUE', { vault: request.vault ?? '', secret: request.name });
    }
    variables.set(request.target.variable, value);
  }
  return variables;
}

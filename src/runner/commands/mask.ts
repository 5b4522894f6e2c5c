import type { WordsOf } from '../../command-line/command-row.ts';
import { ServiceError } from '../../service-error.ts';
import { decideMasks } from '../redaction/mask-decision.ts';
import { maskLines } from '../redaction/masks.ts';
import { secretTexts } from '../redaction/needles/secret-texts.ts';
import type { maskRow } from '../command-rows.ts';
import { readNamedValues } from './read-named-values.ts';
import type { Runtime } from '../runtime.ts';
import { writeAllSync } from '../write-all-sync.ts';

/** `mask --secret NAME=SECRET…`: writes `::add-mask::` lines only, for values that this job gets in another way. */
export async function mask({ values: options }: WordsOf<typeof maskRow>, runtime: Runtime): Promise<number> {
  requireMasks(runtime.environment);
  const values = await readNamedValues(options, runtime);
  await writeMasks(values);
  return 0;
}

/**
 * Checks that a runner would obey mask lines, before any secret is read.
 * @throws ServiceError MASKS_WITHHELD
 */
export function requireMasks(environment: Runtime['environment']): void {
  const decision = decideMasks(environment);
  if (decision.masks) return;
  throw new ServiceError('MASKS_WITHHELD', { reason: decision.reason ?? 'this process does not run in a job' });
}

/** The empty line first ends any unfinished line, because a runner obeys a mask only at the start of one. */
export async function writeMasks(values: ReadonlyMap<string, string>): Promise<void> {
  const secrets = await Promise.all([...values.values()].map(secretTexts));
  writeAllSync(2, `\n${maskLines(secrets).join('\n')}\n`);
}

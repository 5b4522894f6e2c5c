import { rmSync } from 'node:fs';
import { readNamedFile } from '../../command-line/named-file.ts';
import type { WordsOf } from '../../command-line/command-row.ts';
import { ServiceError } from '../../service-error.ts';
import { unreadableBecause } from '../configuration/manifest.ts';
import { exchangeFailure } from '../http-exchange.ts';
import { decideMasks } from '../redaction/mask-decision.ts';
import { memoryFiles } from '../delivery/memory-file.ts';
import { rememberRendered } from '../delivery/rendered-files.ts';
import type { renderRow } from '../command-rows.ts';
import { writeMasks } from './mask.ts';
import { readNamedValues } from './read-named-values.ts';
import type { Runtime } from '../runtime.ts';
import { fillTemplate, mostCharacters } from '../delivery/template.ts';

/** `render --template FILE --out PATH --secret NAME=SECRET…`: fills a template into a file in memory, for later steps. */
export async function render({ values: options }: WordsOf<typeof renderRow>, runtime: Runtime): Promise<number> {
  // Decided before the helper writes anything, because the decision depends on what is already in the job's files.
  const decision = decideMasks(runtime.environment);
  const { template, out, 'allow-disk': allowDisk } = options;
  if (template === '' || !/^\/[^\0\n]+$/.test(out)) {
    const reason = 'needs --template FILE and --out with an absolute path';
    throw new ServiceError('COMMAND_LINE_WRONG', { place: 'render', reason });
  }
  // Before any secret is read: a missing template needs none.
  const written = readTemplate(template);
  const values = await readNamedValues(options, runtime);
  const text = fillTemplate(template, written, values);
  const announce = () => undefined;
  const files = memoryFiles({ allowDisk, nonce: runtime.nonce(4), announce, fallback: '/tmp', areForLater: true });
  files.write(out, '', Buffer.from(text));
  const folder = runtime.environment['RUNNER_TEMP'] ?? '';
  if (folder !== '') registerCleanup(folder, out);
  if (decision.masks) await writeMasks(values);
  else if (decision.reason !== null) runtime.say(`no masks were written: ${decision.reason}`);
  runtime.say(`wrote ${out}; the action's last step removes it, otherwise remove it yourself`);
  return 0;
}

function registerCleanup(folder: string, out: string): void {
  try {
    rememberRendered(folder, out);
  } catch (cause) {
    // No cleanup is registered for this file, so delete it now.
    rmSync(out, { force: true });
    throw new ServiceError('TARGET_UNUSABLE', { path: 'RUNNER_TEMP', reason: exchangeFailure(cause) }, { cause });
  }
}

function readTemplate(file: string): string {
  try {
    // More than is allowed shows that it is too much.
    return readNamedFile(file, 8 * mostCharacters) ?? ' '.repeat(2 * mostCharacters);
  } catch (cause) {
    const failure = exchangeFailure(cause);
    throw new ServiceError('TEMPLATE_MISSING', { file, reason: unreadableBecause(failure) }, { cause });
  }
}

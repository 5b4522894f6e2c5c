import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync } from 'node:fs';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';
import { decideMasks } from '../redaction/mask-decision.ts';
import { maskLines } from '../redaction/masks.ts';
import { memoryFiles } from '../delivery/memory-file.ts';
import { rememberRendered } from '../delivery/rendered-files.ts';
import { readNamedValues } from './secrets-to-place.ts';
import type { Surroundings } from '../surroundings.ts';
import { fillTemplate } from '../delivery/template.ts';
import { writeWhole } from '../write-whole.ts';

/** `render --template FILE --out PATH --secret NAME=SECRET…`: a filled template in memory, for steps that follow. */
export async function render(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const allowDisk = words.includes('--allow-disk');
  const rest = words.filter((word) => word !== '--allow-disk');
  // Before anything of ours is written: what others wrote decides.
  const decision = decideMasks(surroundings.environment);
  const { values, options } = await readNamedValues(rest, ['template', 'out'], surroundings);
  const template = options['template'] ?? '';
  const out = options['out'] ?? '';
  if (template === '' || !/^\/[^\0\n]+$/.test(out)) {
    const reason = 'needs --template FILE and --out with an absolute path';
    throw new ServiceError('COMMAND_LINE_WRONG', { place: 'render', reason });
  }
  const text = fillTemplate(template, readTemplate(template), values);
  memoryFiles({ allowDisk, nonce: surroundings.nonce(4), announce: () => undefined, fallback: '/tmp' }).write(
    out,
    '',
    Buffer.from(text),
  );
  const folder = surroundings.environment['RUNNER_TEMP'] ?? '';
  if (folder !== '') remember(folder, out);
  if (decision.masks) writeWhole(2, `\n${maskLines(values.values()).join('\n')}\n`);
  else if (decision.reason !== null) surroundings.say(`no masks were written: ${decision.reason}`);
  surroundings.say(`wrote ${out}; the action's last step removes it, or else remove it yourself`);
  return 0;
}

/** `mask --secret NAME=SECRET…`: masks alone, for values that this job gets in another way. */
export async function mask(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const decision = decideMasks(surroundings.environment);
  if (!decision.masks) throw withheld(decision.reason);
  const { values } = await readNamedValues(words, [], surroundings);
  writeWhole(2, `\n${maskLines(values.values()).join('\n')}\n`);
  return 0;
}

/** `env --secret NAME=SECRET…`: into GITHUB_ENV, from where every later step and action of the job can read it. */
export async function env(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { environment, say, nonce } = surroundings;
  const decision = decideMasks(environment);
  if (!decision.masks) throw withheld(decision.reason);
  const { values } = await readNamedValues(words, [], surroundings);
  writeWhole(2, `\n${maskLines(values.values()).join('\n')}\n`);
  say('WARNING: these values now lie on the runner’s disk, and in the environment of every later step; prefer exec');
  const mark = `keyturn_${nonce(16)}`;
  const text = [...values].map(([name, value]) => `${name}<<${mark}\n${value}\n${mark}\n`).join('');
  append(environment['GITHUB_ENV'] ?? '', text);
  return 0;
}

function remember(folder: string, out: string): void {
  try {
    rememberRendered(folder, out);
  } catch (cause) {
    // What nobody would remove must not stay.
    rmSync(out, { force: true });
    throw new ServiceError('TARGET_UNUSABLE', { path: 'RUNNER_TEMP', reason: exchangeFailure(cause) }, { cause });
  }
}

function withheld(reason: string | null): ServiceError {
  return new ServiceError('MASKS_WITHHELD', { reason: reason ?? 'this is no job of a runner' });
}

/** An earlier step may have made a link of the file, to have the values written elsewhere: links are not followed. */
function append(path: string, text: string): void {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
    try {
      if (!fstatSync(descriptor).isFile()) throw new ServiceError('TARGET_UNUSABLE', { path, reason: 'NO_FILE' });
      writeWhole(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (ServiceError.is(cause)) throw cause;
    throw new ServiceError('TARGET_UNUSABLE', { path: 'GITHUB_ENV', reason: exchangeFailure(cause) }, { cause });
  }
}

function readTemplate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = `cannot be read (${exchangeFailure(cause)})`;
    throw new ServiceError('TEMPLATE_MALFORMED', { file, line: 0, reason }, { cause });
  }
}

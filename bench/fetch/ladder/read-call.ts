import { typedWords } from '../../../src/command-line/command-row.ts';
import { readPlainWords } from '../../../src/command-line/plain-words.ts';
import { execRow } from '../../../src/runner/command-rows.ts';
import { type ExecOptions, execOptions } from '../../../src/runner/commands/exec-options.ts';
import { sealProcess } from '../../../src/runner/configuration/seal-process.ts';
import { watchParent } from '../../../src/runner/delivery/parent-watch.ts';
import { decideMasks } from '../../../src/runner/redaction/mask-decision.ts';
import { machineRuntime, type Runtime } from '../../../src/runner/runtime.ts';

/** What the helper does with the words of its call before it does anything else. */
export function readCall(): { readonly options: ExecOptions; readonly runtime: Runtime } {
  sealProcess();
  const runtime = machineRuntime();
  const words = readPlainWords(execRow, process.argv.slice(3));
  if (words === null) throw new TypeError('Not a plain call.');
  watchParent();
  decideMasks(runtime.environment);
  return { options: execOptions(typedWords(execRow, words)), runtime };
}

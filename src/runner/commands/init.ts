import { writeFileSync } from 'node:fs';
import type { WordsOf } from '../../command-line/command-row.ts';
import { ServiceError } from '../../service-error.ts';
import type { initRow } from '../command-rows.ts';
import { isSafeVariable } from '../configuration/secret-request.ts';
import { sweepLeftovers } from '../delivery/sweep.ts';
import { exchangeFailure } from '../http-exchange.ts';
import type { Runtime } from '../runtime.ts';
import { startSession } from '../session.ts';

/** Keyturn's own secrets and pending values: no job reads them. */
const notForJobs = /^(rot-|keyturn-)/i;

/** `init`: lists a vault and writes a first manifest. Reads no value, and replaces no file. */
export async function init({ values }: WordsOf<typeof initRow>, runtime: Runtime): Promise<number> {
  const { vault = null, prefix = '', out = 'keyturn.yml' } = values;
  if (!/^[0-9A-Za-z-]{0,127}$/.test(prefix)) {
    throw new ServiceError('COMMAND_LINE_WRONG', { place: '--prefix', reason: 'needs letters, digits and hyphens' });
  }
  const session = startSession(runtime, 0);
  sweepLeftovers(runtime);
  const names = (await session.list(vault, prefix.toLowerCase())).filter((name) => !notForJobs.test(name));
  if (names.length === 0) {
    const about = { vault: vault ?? session.configuration.vaults[0]?.name ?? '', prefix };
    throw new ServiceError('SELECTION_REFUSED', { ...about, reason: 'there is no enabled secret to write down' });
  }
  write(out, manifestOf(names, vault));
  runtime.say(`wrote ${out} with ${String(names.length)} secrets; delete those that the repository does not need`);
  runtime.say(`then: keyturn-fetch exec --manifest ${out} -- COMMAND`);
  return 0;
}

/** Two names that differ only in what a variable cannot hold get numbers. */
function manifestOf(names: readonly string[], vault: string | null): string {
  const taken = new Set<string>();
  const entries = names.map((name) => {
    const plain = name.toUpperCase().replaceAll('-', '_');
    const safe = isSafeVariable(plain) ? plain : `SECRET_${plain}`;
    let variable = safe;
    for (let count = 2; taken.has(variable); count += 1) variable = `${safe}_${String(count)}`;
    taken.add(variable);
    const from = vault === null ? '' : `    vault: ${vault}\n`;
    // Quoted, because a name of digits alone would be a number in YAML.
    return `  - name: '${name}'\n${from}    environment: ${variable}\n`;
  });
  return `# Which secrets the jobs of this repository use: docs/fetch.md of Keyturn.\nformat: 1\nsecrets:\n${entries.join('')}`;
}

/** @throws ServiceError TARGET_UNUSABLE if the file exists */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    throw new ServiceError('TARGET_UNUSABLE', { path, reason: exchangeFailure(cause) }, { cause });
  }
}

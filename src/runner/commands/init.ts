import { writeFileSync } from 'node:fs';
import type { WordsOf } from '../../command-line/command-row.ts';
import { ServiceError } from '../../service-error.ts';
import type { initRow } from '../command-rows.ts';
import { isSafeVariable } from '../configuration/secret-request.ts';
import { sweepLeftovers } from '../delivery/sweep.ts';
import { exchangeFailure } from '../http-exchange.ts';
import type { ReadRight } from '../reading/probe-rights.ts';
import type { Runtime } from '../runtime.ts';
import { startSession } from '../session.ts';

/** Keyturn's own secrets and pending values: no job reads them. */
const notForJobs = /^(rot-|keyturn-)/i;

/** `init`: lists a vault and writes a first manifest of what may be read. Reads no value, and replaces no file. */
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
  const rights = await session.rights(vault, names);
  const readable = names.filter((name) => rights.get(name)?.right === 'readable');
  if (readable.length === 0) {
    const about = { vault: vault ?? session.configuration.vaults[0]?.name ?? '', prefix };
    throw new ServiceError('SELECTION_REFUSED', {
      ...about,
      reason: `${found(names.length)}, and none that may be read`,
    });
  }
  write(out, manifestOf(names, rights, vault));
  const others = names.length - readable.length;
  runtime.say(`wrote ${out} with ${secrets(readable.length)}; delete those that the repository does not need`);
  if (others > 0)
    runtime.say(
      `${found(others)} beside them that you may not read, or that could not be checked: they are comments in it`,
    );
  runtime.say(`then: keyturn-fetch exec --manifest ${out} -- COMMAND`);
  return 0;
}

function found(count: number): string {
  return `there ${count === 1 ? 'is' : 'are'} ${secrets(count)}`;
}

function secrets(count: number): string {
  return count === 1 ? '1 secret' : `${String(count)} secrets`;
}

/** Those that may be read as entries, the others as comments: a job may have another role than the person who lists. */
function manifestOf(names: readonly string[], rights: ReadonlyMap<string, ReadRight>, vault: string | null): string {
  const variables = variablesOf(names);
  const blocks = new Map<string, string[]>();
  for (const name of names) {
    const heading = headingOf(rights.get(name));
    const from = vault === null ? '' : `    vault: ${vault}\n`;
    // Quoted, because a name of digits alone would be a number in YAML.
    const entry = `  - name: '${name}'\n${from}    environment: ${variables.get(name) ?? ''}\n`;
    const written = heading === '' ? entry : entry.replace(/^/gm, '# ').replace(/# $/, '');
    blocks.set(heading, [...(blocks.get(heading) ?? []), written]);
  }
  const first = blocks.get('') ?? [];
  blocks.delete('');
  const others = [...blocks].map(([heading, entries]) => `\n# ${heading}\n${entries.join('')}`);
  const start = '# Which secrets the jobs of this repository use: docs/fetch.md of Keyturn.\nformat: 1\nsecrets:\n';
  return `${start}${first.join('')}${others.join('')}`;
}

/** What is written above entries that are comments; nothing above those that may be read. */
function headingOf(asked: ReadRight | undefined): string {
  if (asked?.right === 'readable') return '';
  if (asked?.right === 'refused') {
    return 'The identity that wrote this file may list these, and not read them. A job reads them if its own identity has the role.';
  }
  return `It is not known whether these may be read: the vault answered ${asked?.reason ?? 'nothing'}.`;
}

/** A variable for each. Two names that differ only in what a variable cannot hold get numbers. */
function variablesOf(names: readonly string[]): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of names) {
    const plain = name.toUpperCase().replaceAll('-', '_');
    const safe = isSafeVariable(plain) ? plain : `SECRET_${plain}`;
    let variable = safe;
    for (let count = 2; taken.has(variable); count += 1) variable = `${safe}_${String(count)}`;
    taken.add(variable);
    variables.set(name, variable);
  }
  return variables;
}

/** @throws ServiceError TARGET_UNUSABLE if the file exists */
function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (cause) {
    throw new ServiceError('TARGET_UNUSABLE', { path, reason: exchangeFailure(cause) }, { cause });
  }
}

import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';

/** The files by which a step tells its runner what later steps get, under the names of both forges. */
const names = ['ENV', 'PATH', 'OUTPUT', 'STATE', 'STEP_SUMMARY'];
const mostBytes = 16 * 1024 * 1024;

interface CommandFile {
  readonly path: string;
  /** The variables that name it. */
  readonly variables: readonly string[];
  /** `null`: there was none. */
  readonly content: Buffer | null;
}

/** The command files of a step, as they were before the command ran. */
export interface CommandFiles {
  readonly paths: readonly string[];
  /** Each variable with the path that the command gets in its place, below `folder`. */
  redirected(folder: string): ReadonlyMap<string, string>;
  /**
   * Makes every file what it was before the command, whatever the command put in its place. Returns the variables of those
   * that it had changed.
   */
  takeBack(): readonly string[];
}

/**
 * Notes what the files hold. A command that a person would not trust with a value is not trusted with what later steps run
 * with either: a line in GITHUB_ENV or GITHUB_PATH would run code in a step that is not jailed, and an output is pasted
 * into a later script.
 */
export function noteCommandFiles(environment: Readonly<Record<string, string | undefined>>): CommandFiles {
  const byPath = new Map<string, string[]>();
  for (const variable of names.flatMap((name) => [`GITHUB_${name}`, `GITEA_${name}`])) {
    const path = environment[variable] ?? '';
    if (path.startsWith('/')) byPath.set(path, [...(byPath.get(path) ?? []), variable]);
  }
  const files = [...byPath].map(([path, variables]): CommandFile => ({ path, variables, content: contentOf(path) }));
  return {
    paths: files.map(({ path }) => path),
    redirected: (folder) =>
      new Map(files.flatMap(({ path, variables }) => variables.map((name) => [name, `${folder}/${basename(path)}`]))),
    takeBack: () => files.flatMap((file) => (restore(file) ? (file.variables[0] ?? []) : [])),
  };
}

/**
 * Returns what a file holds; `null` if there is none, or it is a device that keeps nothing, such as /dev/null.
 * @throws ServiceError TARGET_UNUSABLE for one that cannot be put back
 */
function contentOf(path: string): Buffer | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isCharacterDevice()) return null;
  const refuse = (reason: string) => new ServiceError('TARGET_UNUSABLE', { path, reason });
  if (!found.isFile()) throw refuse('NO_FILE');
  if (found.size > mostBytes) throw refuse('TOO_LARGE');
  try {
    return readFileSync(path);
  } catch (cause) {
    throw refuse(exchangeFailure(cause));
  }
}

function restore({ path, content }: CommandFile): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isCharacterDevice() === true) return false;
  const isSame = found?.isFile() === true && found.size === content?.length && readFileSync(path).equals(content);
  if (isSame || (found === undefined && content === null)) return false;
  // The same file keeps its owner; a link or a folder in its place goes, and nothing that it leads to is touched.
  if (found?.isFile() === true && found.nlink === 1 && content !== null) writeFileSync(path, content);
  else replace(path, content);
  return true;
}

function replace(path: string, content: Buffer | null): void {
  rmSync(path, { recursive: true, force: true });
  if (content === null) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { flag: 'wx', mode: 0o644 });
}

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files that a runner makes for a job in host mode: event, workspace, and the files that commands are written to. */
export interface JobDirectory {
  readonly home: string;
  readonly workspace: string;
  readonly eventPath: string;
  readonly temporary: string;
  readonly toolCache: string;
  /** GITHUB_ENV and its like, by variable. */
  readonly commandFiles: Readonly<Record<'ENV' | 'OUTPUT' | 'STATE' | 'PATH' | 'STEP_SUMMARY', string>>;
  /** Empties the command files, which a runner does for each step; the summary is kept. */
  beginStep(): void;
  /** What the step wrote to GITHUB_ENV, for the steps after it. */
  writtenEnvironment(): Readonly<Record<string, string>>;
  remove(): void;
}

export function createJobDirectory(event: object): JobDirectory {
  const home = mkdtempSync(join(tmpdir(), 'act-'));
  const workflow = join(home, 'act', 'workflow');
  const [workspace, temporary, toolCache] = [join(home, 'hostexecutor'), join(home, 'tmp'), join(home, 'tool_cache')];
  for (const folder of [workflow, workspace, temporary, toolCache]) mkdirSync(folder, { recursive: true });
  const commandFiles = {
    ENV: join(workflow, 'envs.txt'),
    OUTPUT: join(workflow, 'outputcmd.txt'),
    STATE: join(workflow, 'statecmd.txt'),
    PATH: join(workflow, 'pathcmd.txt'),
    STEP_SUMMARY: join(workflow, 'SUMMARY.md'),
  };
  const eventPath = join(workflow, 'event.json');
  writeFileSync(eventPath, JSON.stringify(event));
  const empty = (path: string) => {
    writeFileSync(path, '');
    // Everybody on the host may read and write them: that is how runners leave them.
    chmodSync(path, 0o666);
  };
  for (const path of Object.values(commandFiles)) empty(path);
  return {
    home,
    workspace,
    eventPath,
    temporary,
    toolCache,
    commandFiles,
    beginStep() {
      for (const [name, path] of Object.entries(commandFiles)) if (name !== 'STEP_SUMMARY') empty(path);
    },
    // A step may remove the file, and a job that is broken off loses its folder.
    writtenEnvironment: () =>
      existsSync(commandFiles.ENV) ? parseEnvironmentFile(readFileSync(commandFiles.ENV, 'utf8')) : {},
    remove() {
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** `NAME=value` a line, or `NAME<<END`, lines, `END`. */
function parseEnvironmentFile(text: string): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, name = '', sign, rest = ''] = /^([^=<]+?)(=|<<)(.*)$/.exec(line) ?? [];
    if (sign === '=') variables[name] = rest;
    if (sign !== '<<') continue;
    const end = lines.indexOf(rest, at + 1);
    if (end < 0) break;
    variables[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return variables;
}

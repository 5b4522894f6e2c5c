import { isAtLeast } from '../server/gitea-instance.ts';

/** The row that names a step's shell. */
const shellRow = 'shell: bash --noprofile --norc -e -o pipefail {0}';

/** The first two rows of each log. */
export function openingRows(facts: {
  readonly runner: string;
  readonly version: string;
  readonly taskId: number;
  readonly jobKey: string;
  readonly event: string;
}): readonly string[] {
  const { runner, version, taskId, jobKey, event } = facts;
  return [
    `${runner}(version:v${version}) received task ${String(taskId)} of job ${jobKey}, be triggered by event: ${event}`,
    'workflow prepared',
  ];
}

/** The lines of a step: the shell's script, or the command itself. */
export function scriptOf(command: readonly string[]): readonly string[] {
  const [shell = '', option, script] = command;
  const isShell = /(?:^|\/)(?:ba)?sh$/.test(shell) && option === '-c';
  return (isShell ? (script ?? '') : command.join(' ')).trimEnd().split('\n');
}

/** The rows before a step's output: the step's name and, since 1.0.0, its script in a group. `script`: lines. */
export function stepRows(name: string | undefined, script: readonly string[], version: string): readonly string[] {
  const title = `Run Main ${name ?? script.join('\\n')}`;
  if (!isAtLeast(version, '1.0.0')) return [title];
  return [title, `::group::Run ${script[0] ?? ''}`, ...script, shellRow, '::endgroup::'];
}

/** The row after a failed step. */
export function failedStepRows(exitCode: number): readonly string[] {
  return exitCode === 0 ? [] : [`##[error]Process completed with exit code ${String(exitCode)}.`];
}

/** The last rows of a log. `Job succeeded` means only that the runner is done: a cancelled job's log contains it too. */
export function closingRows(jobName: string, end: 'success' | 'failure' | 'cancelled' | 'skipped'): readonly string[] {
  const cleaning = `Cleaning up container for job ${jobName}`;
  switch (end) {
    case 'failure':
      return [cleaning, 'Job failed', `Job '${jobName}' failed`];
    case 'cancelled':
      return [
        '##[error]this step has been cancelled: Process completed with exit code -1.',
        cleaning,
        'Job succeeded',
        'context canceled',
      ];
    case 'success':
    case 'skipped':
      return [cleaning, 'Job succeeded'];
  }
}

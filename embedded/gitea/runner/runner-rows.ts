import { isAtLeast } from '../server/gitea-instance.ts';

/** How a step's command is told and by what shell it is run. */
const shellRow = 'shell: bash --noprofile --norc -e -o pipefail {0}';

/** The two rows by which each log begins. */
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

/** The lines of a step: what a shell is given, or the command itself. */
export function scriptOf(command: readonly string[]): readonly string[] {
  const [shell = '', option, script] = command;
  const isShell = /(?:^|\/)(?:ba)?sh$/.test(shell) && option === '-c';
  return (isShell ? (script ?? '') : command.join(' ')).trimEnd().split('\n');
}

/** What a runner writes before a step's output: the step's name, from 1.0.0 on its script in a group. `script`: lines. */
export function stepRows(name: string | undefined, script: readonly string[], version: string): readonly string[] {
  const title = `Run Main ${name ?? script.join('\\n')}`;
  if (!isAtLeast(version, '1.0.0')) return [title];
  return [title, `::group::Run ${script[0] ?? ''}`, ...script, shellRow, '::endgroup::'];
}

/** What a runner writes after a step that failed. */
export function failedStepRows(exitCode: number): readonly string[] {
  return exitCode === 0 ? [] : [`##[error]Process completed with exit code ${String(exitCode)}.`];
}

/** The rows by which a log ends. `Job succeeded` says that the runner is done, not how: a cancelled job's log has it too. */
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

import { randomBytes } from 'node:crypto';
import type { ChildProcess } from 'node:child_process';
import type { EmbeddedJob, RunningJob } from '../embedded-gitea.ts';
import { fullName, hasAttemptRows, isAtLeast, seconds, type GiteaInstance } from '../server/gitea-instance.ts';
import { countsFor, type Conclusion, type StoredJob, type StoredTask } from '../server/gitea-state.ts';
import { createJobDirectory, type JobDirectory } from './job-directory.ts';
import { eventOf, jobEnvironment, type JobSurroundings } from './job-environment.ts';
import { killJobProcess, runJobProcess } from './job-process.ts';
import { logRow } from './log-row.ts';
import { runnerLog } from './runner-log.ts';
import { closingRows, failedStepRows, openingRows, scriptOf, stepRows } from './runner-rows.ts';
import { mintRuntimeToken } from './runtime-token.ts';
import { stepCommands } from './step-commands.ts';

/** What jobs of one runner share while they run. */
export interface RunnerMemory {
  /** Before 1.0.3 a runner had one map of variables for all its jobs: the newest job's runtime token overwrote the others'. */
  runtimeToken: string;
}

export interface RunningJobOptions extends JobSurroundings {
  readonly task: StoredTask;
  readonly memory: RunnerMemory;
  /** Told after each change of the job's row. */
  changed(job: StoredJob): void;
  /** Told when the job has ended. */
  ended(): void;
}

/** A job that can also be broken off with everything it started, when its server stops. */
export interface HeldJob extends RunningJob {
  abandon(): void;
}

/** A job while its runner works on it. */
interface OpenJob extends RunningJobOptions {
  readonly runtimeToken: string;
  readonly log: ReturnType<typeof runnerLog>;
  readonly children: Set<ChildProcess>;
  /** Variables that earlier steps wrote for later ones. */
  readonly written: Record<string, string>;
  /** The runner's own view: after a cancel it works on until it learns of it. */
  works: boolean;
  /** Made when it is first needed: a story's jobs only write to their log, by the hundred. */
  directory: JobDirectory | null;
}

/** Lets a runner work on a task that it has claimed. */
export function runJob(options: RunningJobOptions): HeldJob {
  const { job, task, runner } = options;
  const open = openJob(options);
  return {
    get job() {
      return embeddedJob(options, task);
    },
    get environment() {
      return environmentOf(open);
    },
    log(line) {
      requireWorking(open);
      write(open, [line]);
    },
    execute: (command, overrides = {}, name) => execute(open, command, overrides, name),
    finish(conclusion = 'success') {
      requireRunning(open);
      write(open, closingRows(job.name, conclusion));
      tellEnd(open, conclusion);
      leave(open);
      options.changed(job);
      return embeddedJob(options, task);
    },
    cancel() {
      requireRunning(open);
      if (hasAttemptRows(options.instance) && isAtLeast(runner.version, '2.0.0')) task.status = 'cancelling';
      else tellEnd(open, 'cancelled');
      options.changed(job);
      return embeddedJob(options, task);
    },
    learnOfCancel() {
      if (!open.works || task.status === 'running') throw new Error(`Task ${String(task.id)} was not cancelled.`);
      write(open, closingRows(job.name, 'cancelled'));
      if (task.status === 'cancelling') tellEnd(open, 'cancelled');
      leave(open);
      // A real Gitea sent three deliveries for a cancelled job: one at the cancel, two when the runner had stopped.
      for (let count = 0; count < 2; count += 1) options.changed(job);
      return embeddedJob(options, task);
    },
    abandon: () => clearAway(open),
  };
}

function openJob(options: RunningJobOptions): OpenJob {
  const { instance, run, job, task, runner, memory } = options;
  const runtimeToken = instance.remember(
    mintRuntimeToken({ taskId: task.id, runId: run.id, jobId: job.id }, instance.clock.now(), instance.signingKey),
  );
  memory.runtimeToken = runtimeToken;
  const log = runnerLog({ ...logOptions(options, runtimeToken), store: (row) => store(instance, task, row) });
  const facts = { runner: runner.name, version: runner.version, taskId: task.id, jobKey: job.key, event: run.event };
  for (const row of openingRows(facts)) store(instance, task, row);
  return { ...options, runtimeToken, log, children: new Set(), written: {}, works: true, directory: null };
}

async function execute(
  open: OpenJob,
  command: readonly string[],
  overrides: Readonly<Record<string, string>>,
  name: string | undefined,
): Promise<number> {
  requireWorking(open);
  const { instance, runner, task, log } = open;
  const script = scriptOf(command);
  const step = { name: name ?? `Run ${script[0] ?? ''}`, started: seconds(instance), stopped: 0, conclusion: null };
  const stored: StoredTask['steps'][number] = step;
  task.steps.push(stored);
  directoryOf(open).beginStep();
  log.beginStep();
  write(open, stepRows(name, script, runner.version));
  const seesLine = stepCommands(runner.version);
  const code = await runJobProcess(command, {
    directory: directoryOf(open).workspace,
    environment: { ...environmentOf(open), ...overrides },
    keepsUnfinishedLine: isAtLeast(runner.version, '2.0.0'),
    line(line) {
      // A child may outlive its job; Gitea takes no rows for a task that has ended.
      if (open.works && seesLine(line)) log.output(line);
    },
    started: (child) => open.children.add(child),
  });
  Object.assign(open.written, directoryOf(open).writtenEnvironment());
  stored.stopped = seconds(instance);
  stored.conclusion ??= code === 0 ? 'success' : 'failure';
  if (open.works) write(open, failedStepRows(code));
  return code;
}

function directoryOf(open: OpenJob): JobDirectory {
  if (open.directory !== null) return open.directory;
  open.directory = createJobDirectory(eventOf(open));
  // The environment of a finished job still names its files, which are gone.
  if (!open.works) open.directory.remove();
  return open.directory;
}

function environmentOf(open: OpenJob): Record<string, string> {
  const shown = isAtLeast(open.runner.version, '1.0.3') ? open.runtimeToken : open.memory.runtimeToken;
  return { ...jobEnvironment(open, directoryOf(open), shown), ...open.written };
}

function write({ log }: OpenJob, rows: readonly string[]): void {
  for (const row of rows) log.output(Buffer.from(row).toString('latin1'));
}

function logOptions({ instance, repository, runner }: RunningJobOptions, token: string) {
  const secrets = instance.state.actionsSecrets.filter((secret) => countsFor(secret.of, repository));
  // Each task has a token of its own for the API, which jobs see as `github.token`.
  const taskToken = instance.remember(randomBytes(20).toString('hex'));
  return {
    version: runner.version,
    secrets: [taskToken, token, ...secrets.map((secret) => secret.value)],
    debug: secrets.some((secret) => secret.name === 'ACTIONS_STEP_DEBUG' && secret.value === 'true'),
  };
}

/** What Gitea's rows say from now on. A job that was run again meanwhile is another attempt's. */
function tellEnd({ instance, task, job }: OpenJob, conclusion: Conclusion): void {
  const stopped = seconds(instance);
  Object.assign(task, { status: conclusion, stopped });
  for (const step of task.steps.filter((one) => one.conclusion === null)) Object.assign(step, { conclusion, stopped });
  if (job.taskId === task.id) Object.assign(job, { status: 'completed', conclusion, stopped });
  instance.changed();
}

function leave(open: OpenJob): void {
  open.works = false;
  clearAway(open);
  open.ended();
}

function clearAway({ children, directory }: OpenJob): void {
  for (const child of children) killJobProcess(child);
  directory?.remove();
}

function requireWorking({ works, task, repository }: OpenJob): void {
  if (!works) throw new Error(`Task ${String(task.id)} of ${fullName(repository)} has ended.`);
}

function requireRunning({ task, repository }: OpenJob): void {
  if (task.status !== 'running') throw new Error(`Task ${String(task.id)} of ${fullName(repository)} has ended.`);
}

function store(instance: GiteaInstance, task: StoredTask, row: string): void {
  task.log.push(logRow(instance.clock.now(), row));
  instance.changed();
}

/** A job's row, or with `task` one attempt of it, as assertions read it. */
export function embeddedJob(
  { repository, run, job }: Pick<JobSurroundings, 'repository' | 'run' | 'job'>,
  task?: StoredTask,
): EmbeddedJob {
  const started = task?.started ?? job.started;
  const stopped = task?.stopped ?? job.stopped;
  // Until the runner reports that it stopped, Gitea returns a cancelled task as running.
  const runs = task?.status === 'running' || task?.status === 'cancelling';
  const taskStatus = runs ? 'in_progress' : 'completed';
  return {
    repository: { id: repository.id, fullName: fullName(repository), private: repository.private },
    runId: run.id,
    runNumber: run.number,
    jobId: job.id,
    taskId: task?.id ?? job.taskId,
    attempt: task?.attempt ?? job.attempt,
    name: job.name,
    status: task === undefined ? job.status : taskStatus,
    conclusion: task === undefined ? job.conclusion : conclusionOf(task),
    startedAt: started === 0 ? null : new Date(started * 1000),
    completedAt: stopped === 0 ? null : new Date(stopped * 1000),
  };
}

function conclusionOf({ status }: StoredTask): Conclusion | null {
  return status === 'running' || status === 'cancelling' ? null : status;
}

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

/** Lets a runner work on a task that it has claimed. */
export function runJob(options: RunningJobOptions): HeldJob {
  const { instance, repository, run, job, task, runner, memory } = options;
  const runtimeToken = instance.remember(
    mintRuntimeToken({ taskId: task.id, runId: run.id, jobId: job.id }, instance.clock.now(), instance.signingKey),
  );
  memory.runtimeToken = runtimeToken;
  // The runner's own view: after a cancel it works on until it learns of it.
  let works = true;
  // Made when it is first needed: a story's jobs only write to their log, by the hundred.
  let made: JobDirectory | null = null;
  const directory = () => {
    if (made !== null) return made;
    made = createJobDirectory(eventOf(options));
    // Whoever reads the environment of an ended job is told where its files were, and finds none.
    if (!works) made.remove();
    return made;
  };
  const children = new Set<ChildProcess>();
  const written: Record<string, string> = {};
  const log = runnerLog({ ...logOptions(runtimeToken), store: (row) => store(instance, task, row) });
  const environment = () => {
    const shown = isAtLeast(runner.version, '1.0.3') ? runtimeToken : memory.runtimeToken;
    return { ...jobEnvironment(options, directory(), shown), ...written };
  };

  const write = (rows: readonly string[]) => {
    for (const row of rows) log.output(Buffer.from(row).toString('latin1'));
  };
  const facts = { runner: runner.name, version: runner.version, taskId: task.id, jobKey: job.key, event: run.event };
  for (const row of openingRows(facts)) store(instance, task, row);
  return {
    get job() {
      return embeddedJob(options, task);
    },
    get environment() {
      return environment();
    },
    log(line) {
      requireWorking();
      log.output(Buffer.from(line).toString('latin1'));
    },
    async execute(command, overrides = {}, name) {
      requireWorking();
      const script = scriptOf(command);
      const step = { name: name ?? `Run ${script[0] ?? ''}`, started: seconds(instance), stopped: 0, conclusion: null };
      const stored: StoredTask['steps'][number] = step;
      task.steps.push(stored);
      directory().beginStep();
      log.beginStep();
      write(stepRows(name, script, runner.version));
      const seesLine = stepCommands(runner.version);
      const code = await runJobProcess(command, {
        directory: directory().workspace,
        environment: { ...environment(), ...overrides },
        keepsUnfinishedLine: isAtLeast(runner.version, '2.0.0'),
        line(line) {
          // A child may outlive its job; Gitea takes no rows for a task that has ended.
          if (works && seesLine(line)) log.output(line);
        },
        started: (child) => children.add(child),
      });
      Object.assign(written, directory().writtenEnvironment());
      stored.stopped = seconds(instance);
      stored.conclusion ??= code === 0 ? 'success' : 'failure';
      if (works) write(failedStepRows(code));
      return code;
    },
    finish(conclusion = 'success') {
      requireRunning();
      write(closingRows(job.name, conclusion));
      tellEnd(conclusion);
      leave();
      options.changed(job);
      return embeddedJob(options, task);
    },
    cancel() {
      requireRunning();
      if (hasAttemptRows(instance) && isAtLeast(runner.version, '2.0.0')) task.status = 'cancelling';
      else tellEnd('cancelled');
      options.changed(job);
      return embeddedJob(options, task);
    },
    learnOfCancel() {
      if (!works || task.status === 'running') throw new Error(`Task ${String(task.id)} was not cancelled.`);
      write(closingRows(job.name, 'cancelled'));
      if (task.status === 'cancelling') tellEnd('cancelled');
      leave();
      // Three deliveries of one cancelled job were seen: at the cancel, and two when the runner said that it had stopped.
      for (let count = 0; count < 2; count += 1) options.changed(job);
      return embeddedJob(options, task);
    },
    abandon() {
      for (const child of children) killJobProcess(child);
      made?.remove();
    },
  };

  function logOptions(token: string) {
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
  function tellEnd(conclusion: Conclusion) {
    const stopped = seconds(instance);
    Object.assign(task, { status: conclusion, stopped });
    for (const step of task.steps.filter((one) => one.conclusion === null))
      Object.assign(step, { conclusion, stopped });
    if (job.taskId === task.id) Object.assign(job, { status: 'completed', conclusion, stopped });
    instance.changed();
  }

  function leave() {
    works = false;
    for (const child of children) killJobProcess(child);
    made?.remove();
    options.ended();
  }

  function requireWorking() {
    if (!works) throw new Error(`Task ${String(task.id)} of ${fullName(repository)} has ended.`);
  }

  function requireRunning() {
    if (task.status !== 'running') throw new Error(`Task ${String(task.id)} of ${fullName(repository)} has ended.`);
  }
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
  // Until a runner has said that it stopped, Gitea tells a cancelled task as one that runs.
  const runs = task?.status === 'running' || task?.status === 'cancelling';
  return {
    repository: { id: repository.id, fullName: fullName(repository), private: repository.private },
    runId: run.id,
    runNumber: run.number,
    jobId: job.id,
    taskId: task?.id ?? job.taskId,
    attempt: task?.attempt ?? job.attempt,
    name: job.name,
    status: task === undefined ? job.status : runs ? 'in_progress' : 'completed',
    conclusion: task === undefined ? job.conclusion : conclusionOf(task),
    startedAt: started === 0 ? null : new Date(started * 1000),
    completedAt: stopped === 0 ? null : new Date(stopped * 1000),
  };
}

function conclusionOf({ status }: StoredTask): Conclusion | null {
  return status === 'running' || status === 'cancelling' ? null : status;
}

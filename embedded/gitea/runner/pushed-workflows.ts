import type { EmbeddedGitea, RunningJob } from '../embedded-gitea.ts';
import { fullName, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredJob, StoredRepository } from '../server/gitea-state.ts';
import { parseWorkflow } from './parse-workflow.ts';

/** Workflows that were pushed over the API. Their jobs run by themselves, as in a Gitea with a runner. */
export interface PushedWorkflows {
  /** `pusher`: the name of the account that pushed, who wrote the commit and started the run. */
  push(repository: StoredRepository, file: string, text: string, pusher: string): void;
  /** Runs the re-queued job of a pushed workflow. Other jobs wait for `takeJob`. */
  requeued(job: StoredJob): void;
}

export function pushedWorkflows(
  { state }: Pick<GiteaInstance, 'state'>,
  site: Pick<EmbeddedGitea, 'queueJob' | 'takeJob'>,
): PushedWorkflows {
  const scripts = new Map<number, string>();
  return {
    push(repository, file, text, pusher) {
      const workflow = parseWorkflow(text);
      const runner = state.runners.find(({ labels }) => workflow !== null && labels.includes(workflow.label));
      if (workflow === null || runner === undefined) return;
      const { key, script } = workflow;
      const named = { name: key, key, workflow: file, runner: runner.name, actor: pusher };
      const start = { repository: fullName(repository), ...named };
      const { jobId, runId } = site.queueJob(start);
      scripts.set(runId, script);
      void run(site.takeJob(jobId), script);
    },
    requeued(job) {
      const script = scripts.get(job.runId);
      if (script !== undefined) void run(site.takeJob(job.id), script);
    },
  };
}

async function run(job: RunningJob, script: string): Promise<void> {
  const code = await job.execute(['sh', '-c', script]);
  if (job.job.status === 'in_progress') job.finish(code === 0 ? 'success' : 'failure');
}

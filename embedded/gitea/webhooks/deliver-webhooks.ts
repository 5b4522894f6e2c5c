import { createHmac, randomUUID } from 'node:crypto';
import { fullName, isAtLeast, isoTime, rowById, type GiteaInstance } from '../server/gitea-instance.ts';
import {
  countsFor,
  type StoredHook,
  type StoredJob,
  type StoredRepository,
  type StoredRun,
} from '../server/gitea-state.ts';
import { jobShape } from '../shapes/job-shape.ts';
import { currentJobs, runShape, runStatus } from '../shapes/run-shape.ts';
import { repositoryShape } from '../shapes/repository-shape.ts';
import { isOrganisation, neverInGo, organisationShape, ownerShape } from '../shapes/user-shape.ts';

/** Sends webhooks as Gitea does: once each, whatever is answered; to one hook in order. */
export interface WebhookDelivery {
  /** A `workflow_job` delivery to every hook that wants one, and `workflow_run` where the job's change is its run's too. */
  jobChanged(job: StoredJob): void;
  /** What `POST …/hooks/{id}/tests` sends: a push that moves nothing. Before 1.28 only to a hook that listens to pushes. */
  test(hook: StoredHook, repository: StoredRepository): void;
  /** Resolves when every delivery has been answered or given up. */
  settled(): Promise<void>;
}

// DELIVER_TIMEOUT of Gitea's [webhook] settings, in milliseconds.
const timeoutMs = 5_000;

export function webhookDelivery(instance: GiteaInstance): WebhookDelivery {
  const queues = new Map<number, Promise<void>>();
  const statuses = new Map<number, string>();
  const send = (hook: StoredHook, event: string, payload: object, wanted = hook.events.includes(event)) => {
    if (!hook.active || !wanted) return;
    const body = JSON.stringify(payload, null, 2);
    queues.set(
      hook.id,
      (queues.get(hook.id) ?? Promise.resolve()).then(() => deliver(hook, event, body)),
    );
  };
  return {
    jobChanged(job) {
      const repository = rowById(instance.state.repositories, job.repositoryId);
      const hooks = instance.state.hooks.filter((hook) => countsFor(hook.of, repository));
      const run = rowById(instance.state.runs, job.runId);
      const { status } = runStatus(currentJobs(instance, run));
      const runChanged = statuses.get(run.id) !== status;
      statuses.set(run.id, status);
      for (const hook of hooks) {
        send(hook, 'workflow_job', jobPayload(instance, job));
        if (runChanged) send(hook, 'workflow_run', runPayload(instance, run));
      }
    },
    test(hook, repository) {
      // Pull request 38425 made tests look past the events; merged in July 2026, when 1.27 was a candidate already.
      const always = isAtLeast(instance.version, '1.28.0');
      send(hook, 'push', pushPayload(instance, repository), always || hook.events.includes('push'));
    },
    async settled() {
      await Promise.all(queues.values());
    },
  };
}

async function deliver(hook: StoredHook, event: string, payload: string): Promise<void> {
  try {
    // A form carries the payload as one field; what is signed is the payload all the same.
    const form = hook.contentType === 'form';
    const body = form ? new URLSearchParams({ payload }).toString() : payload;
    const headers = {
      ...deliveryHeaders(hook, event, payload),
      'content-type': form ? 'application/x-www-form-urlencoded' : 'application/json',
      'user-agent': 'Go-http-client/1.1',
    };
    const response = await fetch(hook.url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
  } catch {
    // One attempt, never repeated: services/webhook/deliver.go marks a task delivered before it knows.
  }
}

/** Gitea's, Gogs' and GitHub's names for the same three facts. Without a secret the signatures are empty. */
function deliveryHeaders(hook: StoredHook, event: string, body: string): Record<string, string> {
  const delivery = randomUUID();
  const digest = (algorithm: string) =>
    hook.secret === '' ? '' : createHmac(algorithm, hook.secret).update(body).digest('hex');
  const [sha256, sha1] = [digest('sha256'), digest('sha1')];
  const headers: Record<string, string> = {
    'x-gitea-signature': sha256,
    'x-gogs-signature': sha256,
    'x-hub-signature': `sha1=${sha1}`,
    'x-hub-signature-256': `sha256=${sha256}`,
  };
  const target = hook.of.kind === 'organisation' ? 'organization' : hook.of.kind;
  for (const sender of ['gitea', 'github']) headers[`x-${sender}-hook-installation-target-type`] = target;
  for (const sender of ['gitea', 'gogs', 'github']) {
    headers[`x-${sender}-delivery`] = delivery;
    headers[`x-${sender}-event`] = event;
    headers[`x-${sender}-event-type`] = event;
  }
  return headers;
}

function jobPayload(instance: GiteaInstance, job: StoredJob) {
  const repository = rowById(instance.state.repositories, job.repositoryId);
  const run = rowById(instance.state.runs, job.runId);
  return {
    action: job.status,
    workflow_job: jobShape(instance, job),
    ...organisationOf(instance, repository),
    repository: repositoryShape(instance, repository, 'administer'),
    sender: ownerShape(instance, run.actor),
  };
}

/** Present if an organisation owns the repository. */
function organisationOf(instance: GiteaInstance, { owner }: StoredRepository): object {
  return isOrganisation(instance, owner) ? { organization: organisationShape(instance, owner) } : {};
}

/** A run that waits for a runner or for approval is `requested`, so a stranger's run is requested twice. */
function runPayload(instance: GiteaInstance, run: StoredRun) {
  const repository = rowById(instance.state.repositories, run.repositoryId);
  const shape = runShape(instance, run);
  const waits = shape.status === 'queued' || shape.status === 'waiting';
  return {
    action: waits ? 'requested' : shape.status,
    workflow: workflowShape(instance, repository, run),
    workflow_run: shape,
    ...organisationOf(instance, repository),
    repository: repositoryShape(instance, repository, 'administer'),
    sender: ownerShape(instance, run.actor),
  };
}

function workflowShape(instance: GiteaInstance, repository: StoredRepository, { workflow }: StoredRun) {
  const address = `${instance.url()}/${fullName(repository)}`;
  const path = `.gitea/workflows/${workflow}`;
  return {
    id: workflow,
    name: workflow.replace(/\.ya?ml$/, ''),
    path,
    state: 'active',
    created_at: isoTime(repository.created),
    updated_at: isoTime(repository.created),
    url: `${instance.url()}/api/v1/repos/${fullName(repository)}/actions/workflows/${workflow}`,
    html_url: `${address}/src/branch/main/${path}`,
    badge_url: `${address}/actions/workflows/${workflow}/badge.svg?branch=main`,
    deleted_at: neverInGo,
  };
}

function pushPayload(instance: GiteaInstance, repository: StoredRepository) {
  const user = ownerShape(instance, repository.owner);
  const commit = '0'.repeat(40);
  return {
    ref: 'refs/heads/main',
    before: commit,
    after: commit,
    compare_url: '',
    commits: [],
    total_commits: 0,
    head_commit: null,
    ...organisationOf(instance, repository),
    repository: repositoryShape(instance, repository, 'administer'),
    pusher: user,
    sender: user,
  };
}

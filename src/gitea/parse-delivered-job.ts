import type { NamedJob } from '../audit/collection/job-feed.ts';
import { idOf, jsonProperties, textOf } from './json-properties.ts';

/** Returns the job that a `workflow_job` delivery names, to ask Gitea about; `null` if none. Reads nothing else of it. */
export function parseDeliveredJob(payload: unknown): NamedJob | null {
  const delivery = jsonProperties(payload);
  const jobId = idOf(jsonProperties(delivery.get('workflow_job')).get('id'));
  const repository = jsonProperties(delivery.get('repository'));
  const [repositoryId, name] = [idOf(repository.get('id')), textOf(repository.get('full_name'))];
  return jobId === null || repositoryId === null ? null : { jobId, repositoryId, repository: name };
}

import { fullName, isoTime, rowById, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredComment, StoredIssue, StoredLabel } from '../server/gitea-state.ts';
import { ownerShape } from './user-shape.ts';

/** Returns an issue in the form of Gitea's API (definition `Issue`). */
export function issueShape(instance: GiteaInstance, issue: StoredIssue) {
  const repository = rowById(instance.state.repositories, issue.repositoryId);
  const place = `${fullName(repository)}/issues/${String(issue.number)}`;
  return {
    id: issue.id,
    url: `${instance.url()}/api/v1/repos/${place}`,
    html_url: `${instance.url()}/${place}`,
    number: issue.number,
    user: ownerShape(instance, issue.author),
    original_author: '',
    original_author_id: 0,
    title: issue.title,
    body: issue.body,
    ref: '',
    assets: [],
    labels: issue.labels.map((id) => labelShape(instance, rowById(instance.state.labels, id))),
    milestone: null,
    assignee: null,
    assignees: null,
    state: issue.closed === 0 ? 'open' : 'closed',
    is_locked: false,
    comments: instance.state.comments.filter(({ issueId }) => issueId === issue.id).length,
    created_at: isoTime(issue.created),
    updated_at: isoTime(issue.updated),
    closed_at: issue.closed === 0 ? null : isoTime(issue.closed),
    due_date: null,
    time_estimate: 0,
    pull_request: null,
    repository: {
      id: repository.id,
      name: repository.name,
      owner: repository.owner,
      full_name: fullName(repository),
    },
    pin_order: 0,
  };
}

/** Returns a comment in the form of Gitea's API (definition `Comment`). */
export function commentShape(instance: GiteaInstance, comment: StoredComment) {
  const issue = rowById(instance.state.issues, comment.issueId);
  const repository = rowById(instance.state.repositories, issue.repositoryId);
  const address = `${instance.url()}/${fullName(repository)}/issues/${String(issue.number)}`;
  return {
    id: comment.id,
    html_url: `${address}#issuecomment-${String(comment.id)}`,
    pull_request_url: '',
    issue_url: address,
    user: ownerShape(instance, comment.author),
    original_author: '',
    original_author_id: 0,
    body: comment.body,
    assets: [],
    created_at: isoTime(comment.created),
    updated_at: isoTime(comment.created),
  };
}

/** Returns a label in the form of Gitea's API (definition `Label`). */
export function labelShape(instance: GiteaInstance, label: StoredLabel) {
  const repository = rowById(instance.state.repositories, label.repositoryId);
  return {
    id: label.id,
    name: label.name,
    exclusive: false,
    is_archived: false,
    color: label.color,
    description: label.description,
    url: `${instance.url()}/api/v1/repos/${fullName(repository)}/labels/${String(label.id)}`,
  };
}

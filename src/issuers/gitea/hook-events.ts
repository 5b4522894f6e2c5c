import type { TargetFault } from '../shared/target-shape.ts';

/**
 * Names that Gitea returns in another form: a group as its members, `…_only` as the single event.
 * Source: recorded `hook-create-*` of Gitea 1.26.3; routers/api/v1/utils/hook.go.
 */
const expansions: Readonly<Record<string, readonly string[]>> = {
  pull_request: [
    'pull_request',
    'pull_request_assign',
    'pull_request_label',
    'pull_request_milestone',
    'pull_request_comment',
    'pull_request_review',
    'pull_request_sync',
    'pull_request_review_request',
  ],
  pull_request_only: ['pull_request'],
  issues: ['issues', 'issue_assign', 'issue_label', 'issue_milestone', 'issue_comment'],
  issues_only: ['issues'],
};

/** Names that Gitea returns unchanged. */
const plain: ReadonlySet<string> = new Set([
  'create',
  'delete',
  'fork',
  'push',
  'issue_assign',
  'issue_label',
  'issue_milestone',
  'issue_comment',
  'pull_request_assign',
  'pull_request_label',
  'pull_request_milestone',
  'pull_request_comment',
  'pull_request_review',
  'pull_request_sync',
  'pull_request_review_request',
  'wiki',
  'repository',
  'release',
  'package',
  'status',
  'workflow_run',
  'workflow_job',
]);

/** Returns a fault for each event that Gitea does not know and would silently drop. */
export function eventFaults(events: readonly string[]): readonly TargetFault[] {
  const unknown = events.filter((event) => expansions[event] === undefined && !plain.has(event));
  return unknown.map((event) => ({ place: 'target.events', reason: `holds ${event}, which Gitea does not know` }));
}

/** Returns whether a hook with these events listens to exactly the target's events, in any order. */
export function listensTo(told: readonly string[], named: readonly string[]): boolean {
  const wanted = new Set(named.flatMap((event) => expansions[event] ?? [event]));
  return new Set(told).size === wanted.size && told.every((event) => wanted.has(event));
}

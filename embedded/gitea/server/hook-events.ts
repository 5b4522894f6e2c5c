/** The events of each group name, in the order of Gitea's declaration. Source: recorded `hook-create-*` of 1.26.3. */
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

/** Names of single events. Source: Gitea modules/webhook/type.go. */
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

/**
 * Returns a hook's events as Gitea does: it expands group names and silently drops unknown names. Gitea's order is that of
 * a Go map and differs between answers; here it is reversed, so that no code relies on it.
 */
export function expandEvents(named: readonly string[]): readonly string[] {
  const events = named.flatMap((name) => expansions[name] ?? (plain.has(name) ? [name] : []));
  return [...new Set(events)].toReversed();
}

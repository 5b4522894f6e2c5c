/** What a name stands for, in the order of Gitea's declaration. Source: recorded `hook-create-*` of 1.26.3. */
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

/** Names that stand for themselves. Source: Gitea modules/webhook/type.go. */
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
 * The events of a hook as Gitea tells them: group names expanded, names that it does not know dropped without a word.
 * Gitea's order is that of a Go map, so it differs from answer to answer; here it is reversed, so that nobody relies on it.
 */
export function expandEvents(named: readonly string[]): readonly string[] {
  const events = named.flatMap((name) => expansions[name] ?? (plain.has(name) ? [name] : []));
  return [...new Set(events)].toReversed();
}

import { fault } from './fault.ts';

/** What can go wrong between Keyturn and Gitea. */
export const giteaFaults = {
  GITEA_UNREACHABLE: fault<{ gitea: string; reason: string }>(
    'backoff',
    'Gitea could not be reached. Check its address and network.',
  ),
  GITEA_ACCESS_DENIED: fault<{ gitea: string; path: string; status: number }>(
    'never',
    "Gitea refused Keyturn's credential. Check that the token exists and has the scopes that docs/gitea.md lists.",
  ),
  GITEA_ANSWER_UNCLEAR: fault<{ gitea: string; path: string; status: number | null }>(
    'never',
    'Gitea may or may not have acted. Read back before trying again.',
  ),
  GITEA_NOT_FOUND: fault<{ gitea: string; path: string }>(
    'never',
    'Gitea has no such thing, or does not show it to this credential. Check the name in the policy or the settings.',
  ),
  GITEA_REQUEST_REFUSED: fault<{ gitea: string; path: string; status: number }>(
    'never',
    'Gitea refused the request as it stands. Check the name and the rules that Gitea has for it.',
  ),
  GITEA_ANSWER_MALFORMED: fault<{ gitea: string; path: string; place: string }>(
    'never',
    'Gitea answered in a shape that Keyturn does not know. Check that its version is 1.24 or newer.',
  ),
} as const;

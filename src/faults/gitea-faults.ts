import { fault } from './fault.ts';

/** What can go wrong between Keyturn and Gitea. */
export const giteaFaults = {
  GITEA_UNREACHABLE: fault<{ gitea: string; reason: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'gitea',
    says: 'Could not reach Gitea. Check its address and the network.',
  }),
  GITEA_ACCESS_DENIED: fault<{ gitea: string; path: string; status: number }>({
    retry: 'never',
    effect: 'none',
    layer: 'gitea',
    says: "Gitea refused Keyturn's credential. Check that the token exists and has the scopes listed in docs/gitea.md.",
  }),
  GITEA_ANSWER_UNCLEAR: fault<{ gitea: string; path: string; status: number | null }>({
    retry: 'never',
    effect: 'unknown',
    layer: 'gitea',
    says: "Gitea's answer was lost, so it may or may not have acted. Read back before trying again.",
  }),
  GITEA_NOT_FOUND: fault<{ gitea: string; path: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'gitea',
    says: 'Gitea answered 404: the object does not exist, or this token cannot see it. Check the name in the policy or the settings.',
  }),
  GITEA_BASIC_SWITCHED_OFF: fault<{ gitea: string; user: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'gitea',
    says: 'This Gitea accepts no password over its API ([service] ENABLE_BASIC_AUTHENTICATION is false), so no new password could be confirmed, and none was set. Use gitea-token for this user, or switch Basic authentication on.',
  }),
  GITEA_PASSWORD_NOT_PROVEN: fault<{ gitea: string; user: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'gitea',
    says: "The value in the vault does not sign in as this user, so no new password was set: it could not be confirmed either. Put the user's present password into the vault; a user with a second factor needs gitea-token.",
  }),
  GITEA_REQUEST_REFUSED: fault<{ gitea: string; path: string; status: number }>({
    retry: 'never',
    effect: 'none',
    layer: 'gitea',
    says: "Gitea rejected the request. Check the name, and Gitea's rules for it.",
  }),
  GITEA_ANSWER_MALFORMED: fault<{ gitea: string; path: string; place: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'gitea',
    says: 'Gitea sent an answer that Keyturn cannot parse. Check that its version is 1.24 or newer.',
  }),
} as const;

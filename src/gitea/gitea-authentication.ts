import type { SecretValue } from '../secrets/secret-value.ts';

/** The credential of a request. Gitea creates and deletes access tokens only with `basic`; `bearer` is a job's runtime token. */
export type GiteaAuthentication =
  | { readonly kind: 'token'; readonly value: SecretValue }
  | { readonly kind: 'basic'; readonly user: string; readonly password: SecretValue }
  | { readonly kind: 'bearer'; readonly value: SecretValue };

/** The headers of one request. */
export function giteaHeaders(
  authentication: GiteaAuthentication | null,
  { body, expectText = false }: { readonly body?: unknown; readonly expectText?: boolean },
): Headers {
  const headers = new Headers({ accept: expectText ? 'text/plain, */*' : 'application/json' });
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (authentication !== null) headers.set('authorization', formatAuthorization(authentication));
  return headers;
}

function formatAuthorization(authentication: GiteaAuthentication): string {
  switch (authentication.kind) {
    case 'token':
      return `token ${authentication.value.reveal()}`;
    case 'bearer':
      return `Bearer ${authentication.value.reveal()}`;
    case 'basic': {
      const pair = `${authentication.user}:${authentication.password.reveal()}`;
      return `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`;
    }
  }
}

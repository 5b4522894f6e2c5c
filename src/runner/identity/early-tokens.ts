import type { AccessToken, AccessTokenSource } from './access-token.ts';

/** Tokens that are asked for before anything needs them, so that the request is under way while the caller prepares. */
export interface EarlyTokens {
  /** Sends the request. A failure is the failure of whoever takes the token. */
  ask(resource: string): Promise<void>;
  /** Takes an early token once, since a later read may come after it has expired; otherwise asks for one. */
  source(): Promise<AccessTokenSource>;
}

export function earlyTokens(open: () => Promise<AccessTokenSource>): EarlyTokens {
  // Opened once: a sign-in of a person is kept where it was made.
  let opened: Promise<AccessTokenSource> | null = null;
  const source = () => (opened ??= open());
  const early = new Map<string, Promise<AccessToken>>();
  return {
    async ask(resource) {
      if (early.has(resource)) return;
      const token = (await source())(resource);
      token.catch(() => undefined);
      early.set(resource, token);
    },
    async source() {
      const asked = await source();
      return (resource) => {
        const token = early.get(resource) ?? asked(resource);
        early.delete(resource);
        return token;
      };
    },
  };
}

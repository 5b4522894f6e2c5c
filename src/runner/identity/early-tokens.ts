import type { AccessToken, AccessTokenSource } from './access-token.ts';

/** Tokens that are asked for before anything needs them, so that the request is under way while the caller prepares. */
export interface EarlyTokens {
  /** Sends the request. A failure is the failure of whoever takes the token. */
  ask(resource: string): Promise<void>;
  /** Takes an early token once, since a later read may come after it has expired; otherwise asks for one. */
  source(): Promise<AccessTokenSource>;
}

export function earlyTokens(open: () => Promise<AccessTokenSource>): EarlyTokens {
  const early = new Map<string, Promise<AccessToken>>();
  return {
    async ask(resource) {
      if (early.has(resource)) return;
      const token = (await open())(resource);
      token.catch(() => undefined);
      early.set(resource, token);
    },
    async source() {
      const source = await open();
      return (resource) => {
        const token = early.get(resource) ?? source(resource);
        early.delete(resource);
        return token;
      };
    },
  };
}

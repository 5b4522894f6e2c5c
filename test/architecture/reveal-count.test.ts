import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Plaintext may leave `SecretValue` in these folders alone: where it goes onto the wire, or into the job's process. */
const mayReveal = ['src/azure/', 'src/issuers/', 'src/gitea/', 'src/runner/', 'src/secrets/secret-value.ts'];

/** Anything else that reveals is named here, with the reason. */
const exceptions: Record<string, string> = {
  'src/broker/use/put-values.ts': 'The broker puts a value into the request that it makes in the place of a job.',
  'src/composition/answer-redaction.ts': 'The answer to such a request is searched for the value.',
  'src/notify/webhook-notifier.ts': 'Its key signs messages to people.',
  'src/notify/mail-notifier.ts': 'The password goes to the mail server, over TLS.',
  'src/notify/secret-address.ts': 'The address of a chat channel is itself the secret.',
  'src/rotation/observe/staging.ts': 'The seal of a staged value is a MAC over it.',
  'src/web/broker/answer-broker.ts': 'The broker gives a value to the job that its key and Gitea prove.',
  'src/web/sign-in/open-id.ts': 'The client secret goes to the identity provider.',
  'src/web/tokens/token-text.ts':
    'A new API token is joined for its holder, and of one that is shown a digest is compared.',
  'src/commands/tokens/token.ts': 'A new API token is printed once, for the person who made it.',
  'src/web/sign-in/session-key.ts': 'The key of sealed cookies is derived from the client secret.',
};

describe('plaintext', () => {
  it('is revealed by adapters, issuers and the runner alone', () => {
    const revealing = globSync('src/**/*.ts')
      .filter((file) => /\.reveal\(\)/.test(readFileSync(file, 'utf8')))
      .filter((file) => !mayReveal.some((folder) => file.startsWith(folder)) && exceptions[file] === undefined);
    expect(revealing).toEqual([]);
  });
});

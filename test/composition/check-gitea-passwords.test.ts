import { describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';
import { checkGiteaPasswords } from '../../src/composition/doctor/check-gitea-passwords.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { bindingOf } from '../issuers/binding.ts';

describe("doctor's question whether Gitea accepts passwords", () => {
  it.each([
    ['gitea-user-password', true, ['pass']],
    ['gitea-user-password', false, ['fail']],
    ['gitea-token', false, []],
  ] as const)(
    'for %s, with Basic authentication %s, is answered by %j',
    async (issuer, basicAuthentication, verdicts) => {
      const gitea = await startEmbeddedGitea({ clock: createClock(), basicAuthentication });
      const secrets = new Map([['kv-test/ci-secret', bindingOf(issuer, { user: 'deployer' })]]);
      const ports = {
        policy: () => ({ ...emptyPolicy, secrets }),
        settings: { role: 'all', gitea: { url: gitea.url } },
      };
      const checks = await checkGiteaPasswords(ports as unknown as Parameters<typeof checkGiteaPasswords>[0]);
      expect(checks.map(({ verdict }) => verdict)).toEqual(verdicts);
      await gitea.stop();
    },
  );
});

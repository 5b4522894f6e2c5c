import { defineConfig } from 'vitest/config';

const { RUNNING_GITEA_URL, RUNNING_VAULT_URL } = process.env;

const gitea = [
  'test/running/gitea.running.ts',
  'test/issuers/gitea/gitea-issuers.test.ts',
  'test/issuers/gitea/gitea-keys-and-hooks.test.ts',
  'test/issuers/gitea/gitea-actions-secret-place.test.ts',
];

/** Tests against a server that somebody runs: `npm run test:gitea`, `npm run test:vault`. */
export default defineConfig({
  test: {
    include: [
      ...(RUNNING_GITEA_URL === undefined ? [] : gitea),
      ...(RUNNING_VAULT_URL === undefined ? [] : ['test/running/vault.running.ts']),
    ],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // All files share the one server, and each makes its world in it anew.
    fileParallelism: false,
    reporters: ['verbose'],
  },
});

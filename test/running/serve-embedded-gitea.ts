// Serves the embedded Gitea by itself, to try `npm run test:gitea` on:
//   node test/running/serve-embedded-gitea.ts
// It prints its address; administrator root, password embedded-root-password.
import { createClock } from '../../embedded/clock.ts';
import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';

const gitea = await startEmbeddedGitea({ clock: createClock() });
gitea.addUser({ name: 'root', password: 'embedded-root-password', administrator: true });
gitea.addRunner({ name: 'runner-1', labels: ['host'] });
console.log(`npm run test:gitea -- --url ${gitea.url} --admin root:embedded-root-password`);

import { formatJobStamp } from '../../src/provenance/job-stamp.ts';
import { jobs, type StoryJob } from './fixtures.ts';
import { fetchAsJob, numbersOf, readSecret } from './fetch-as-job.ts';
import type { StoryService, StoryWorld } from './story-world.ts';

/** An incident of one day that an auditor should find. `at` is the hour of the day in UTC. */
export interface Incident {
  readonly day: number;
  readonly hour: number;
  /** What a reader of the report should find, as a sentence. */
  readonly description: string;
  happen(world: StoryWorld, service: StoryService): Promise<void>;
}

export const incidents: readonly Incident[] = [
  {
    day: 6,
    hour: 9,
    description: 'A person reads a production secret by hand.',
    async happen({ cloud, person }) {
      await readSecret(cloud, person, 'payments-api-key', 'AZURECLI/2.71.0 (DEB)');
    },
  },
  {
    day: 11,
    hour: 14,
    description: 'A job of a repository outside the namespace reads a production secret.',
    async happen(world, service) {
      const { cloud, runners } = world;
      const running = startJob(world, { repository: 'acme/platform', name: 'debug', runner: 'runner-prod' });
      const identity = runners.get('runner-prod') ?? world.keyturn;
      await fetchAsJob({ cloud, running, identity, post: service.postReceipts }, ['storefront-session-key']);
      running.finish('success');
    },
  },
  {
    day: 15,
    hour: 11,
    description: 'An identity that never serves the payments repository stamps its read with a payments job.',
    async happen(world) {
      const { cloud, runners } = world;
      const victim = startJob(world, { repository: 'acme/payments', name: 'settle', runner: 'runner-payments' });
      const client = formatJobStamp({ ...numbersOf(cloud, victim), nonce: 'deadbeef', helper: '0.2.0' });
      await readSecret(cloud, runners.get('runner-prod') ?? world.keyturn, 'payments-api-key', client);
      victim.finish('success');
    },
  },
  {
    day: 19,
    hour: 16,
    description: "A job prints another job's receipt as its own.",
    async happen(world, service) {
      const { cloud, runners } = world;
      const honest = startJob(world, { repository: 'acme/storefront', name: 'deploy', runner: 'runner-prod' });
      const identity = runners.get('runner-prod') ?? world.keyturn;
      const reads = { cloud, running: honest, identity, post: service.postReceipts };
      const lines = await fetchAsJob(reads, ['storefront-search-key']);
      honest.finish('success');
      const copier = startJob(world, { repository: 'acme/warehouse', name: 'load', runner: 'runner-prod' });
      for (const line of lines) copier.log(line);
      cloud.clock.advance(30_000);
      copier.finish('success');
    },
  },
  {
    day: 22,
    hour: 3,
    description: 'A machine of another team is refused forty times in ten minutes.',
    async happen({ cloud, stranger }) {
      const names = ['payments-api-key', 'deploy-token', 'warehouse-password', 'storefront-session-key'];
      for (let attempt = 0; attempt < 40; attempt++) {
        cloud.clock.advance(12_000);
        await readSecret(cloud, stranger, names[attempt % names.length] ?? '', 'curl/8.14.1');
      }
    },
  },
  {
    day: 26,
    hour: 13,
    description: "A job's runner identity reads without stamp and receipt, from outside any job.",
    async happen({ cloud, runners, keyturn }) {
      await readSecret(cloud, runners.get('runner-staging') ?? keyturn, 'warehouse-password-staging', 'curl/8.14.1');
    },
  },
];

/** The hour of the story whose log rows never arrive. */
export const lostHour = { day: 17, hour: 5 };

/** Starts a job on its runner; it runs until it is finished. */
export function startJob(
  { cloud }: StoryWorld,
  { repository, name, runner }: Pick<StoryJob, 'repository' | 'name' | 'runner'>,
) {
  return cloud.gitea.startJob({ repository, name, runner, workflow: `${name}.yml`, event: 'push', branch: 'main' });
}

/** Which jobs run on a day, with their hour: about two a day, more on some. */
export function jobsOfDay(day: number): readonly { readonly hour: number; readonly job: StoryJob }[] {
  const hours = [7, 10, 15, 18, 20];
  return jobs.flatMap((job, index) => ((day + index) % 5 < 2 ? [{ hour: hours[index] ?? 12, job }] : []));
}

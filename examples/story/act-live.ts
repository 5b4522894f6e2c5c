import type { PassSummary } from '../../src/keyturn.ts';
import { liveSecret } from './fixtures.ts';
import { startJob } from './incidents.ts';
import { fetchConfiguration } from './story-settings.ts';
import type { StoryWorld } from './story-world.ts';

/** The service calls of the live part. */
export interface LiveService {
  readonly portal: string;
  readCanary(): Promise<unknown>;
  /** Requests a rotation like a person on the portal. */
  requestRotation(secret: string, reason: string): Promise<void>;
  collectJobs(): Promise<PassSummary>;
  collectRetrievals(): Promise<PassSummary>;
  reconcileRotations(): Promise<PassSummary>;
}

/** What a pass has done, by its name. */
const passes: Readonly<Record<string, string>> = {
  Jobs: 'Jobs were collected',
  Retrievals: 'Log rows were collected',
  Rotations: 'Rotations were reconciled',
};

const minuteMs = 60_000;

/**
 * Plays everything once, live: an event, a rotation, and a job that fetches the new value through a real child process. Its
 * log row and the end of the old value come with `letRowsArrive`. Calls `tell` with each step.
 */
export async function actLive(
  world: StoryWorld,
  service: LiveService,
  {
    directory,
    helper,
    tell,
    machineNow,
  }: {
    readonly directory: string;
    /** Path of the built fetch helper. */
    readonly helper: string;
    readonly tell: (line: string) => void;
    readonly machineNow: () => Date;
  },
): Promise<{ readonly exitCode: number }> {
  const { cloud } = world;
  cloud.clock.set(machineNow());
  cloud.clock.run();
  await service.readCanary();

  tell(`Event Grid says that ${liveSecret} is near its expiry.`);
  await cloud.eventGrid.fire('SecretNearExpiry', liveSecret);
  await cloud.eventGrid.settled();
  tell(newestVersion(world));

  tell('A job of acme/payments runs keyturn-fetch exec, a real child process.');
  const exitCode = await fetchInJob(world, helper, await fetchConfiguration(world, service.portal, directory));
  tell(`  The job ended with exit code ${String(exitCode)}. The value that its command printed reads so in its log:`);
  tell(`    ${printedLine(world)}`);

  tell('An operator asks for deploy-token to be rotated: an access token of Gitea, whose end can be shown.');
  await service.requestRotation('deploy-token', 'a laptop with access to it was lost');
  return { exitCode };
}

/** Lets three hours pass: log rows take minutes, here as in Azure, and the old value's grace ends in the meantime. */
export async function letRowsArrive(
  world: StoryWorld,
  service: LiveService,
  tell: (line: string) => void,
): Promise<void> {
  tell(summary(await service.collectJobs()));
  for (let hour = 0; hour < 3; hour++) {
    world.cloud.clock.advance(60 * minuteMs);
    tell(summary(await service.collectRetrievals()));
  }
  tell(summary(await service.reconcileRotations()));
  tell(oldVersion(world));
}

/** Keeps collecting until the last hour's rows have arrived, so that the period can be closed. */
export async function closeThePeriod(world: StoryWorld, service: LiveService, days: number): Promise<void> {
  for (let hour = 0; hour < days * 24; hour++) {
    world.cloud.clock.advance(60 * minuteMs);
    await service.readCanary();
    if (hour % 12 === 11) await service.collectRetrievals();
  }
  await service.collectJobs();
  await service.reconcileRotations();
}

async function fetchInJob(world: StoryWorld, helper: string, configuration: string): Promise<number> {
  const running = startJob(world, { repository: 'acme/payments', name: 'settle', runner: 'runner-payments' });
  const fetch = ['node', helper, 'exec', '--secret', `PAYMENTS_API_KEY=${liveSecret}`, '--'];
  // The child prints the value on purpose, so that the log shows whether redaction works.
  const child = ['node', '-e', 'console.log("paying with", process.env.PAYMENTS_API_KEY)'];
  const exitCode = await running.execute([...fetch, ...child], { KEYTURN_FETCH_CONFIGURATION: configuration });
  running.finish(exitCode === 0 ? 'success' : 'failure');
  await world.cloud.gitea.settled();
  return exitCode;
}

function newestVersion({ cloud }: StoryWorld): string {
  const newest = [...cloud.vault.versions(liveSecret)].sort((a, b) => +b.created - +a.created)[0];
  const tags = Object.entries(newest?.tags ?? {}).map(([name, value]) => `${name}=${value}`);
  return `  The newest version is ${newest?.version.slice(0, 8) ?? 'none'}. It expires on ${newest?.expires?.toISOString().slice(0, 10) ?? 'no day'} and carries the tags ${tags.join(', ')}.`;
}

function oldVersion({ cloud }: StoryWorld): string {
  const [, old] = [...cloud.vault.versions(liveSecret)].sort((a, b) => +b.created - +a.created);
  return `  The old version ${old?.version.slice(0, 8) ?? 'none'} is ${old?.enabled === false ? 'disabled: no job reads it any more' : 'still enabled'}.`;
}

/** The line of the newest job's log that its command printed. */
function printedLine({ cloud: { gitea } }: StoryWorld): string {
  const newest = gitea.jobs().at(-1)?.jobId ?? 0;
  const line = gitea
    .logOf(newest)
    .split('\n')
    .find((row) => / paying with /.test(row) && !row.includes('console.log'));
  return line?.replace(/^\S+ /, '') ?? 'No line of it was found.';
}

function summary({ what, says }: PassSummary): string {
  return `  ${passes[what] ?? what}: ${says}`;
}

import { fetchAsJob } from './fetch-as-job.ts';
import { incidents, jobsOfDay, lostHour, startJob } from './incidents.ts';
import type { StoryService, StoryWorld } from './story-world.ts';

const hourMs = 3_600_000;

/** How much happened. */
export interface Replayed {
  readonly days: number;
  readonly jobs: number;
}

/**
 * Lives thirty days on the embedded clock, hour by hour: jobs read, incidents happen, and the service does what it does
 * by the clock (collect every hour, reconcile every day), for real and over the wire. Ends at `liveAt`, hour for hour.
 */
export async function replayStory(
  world: StoryWorld,
  service: StoryService,
  { from, days, progress }: { readonly from: Date; readonly days: number; readonly progress: (line: string) => void },
): Promise<Replayed> {
  const { clock, auditLog } = world.cloud;
  const hourOf = (day: number, hour: number) => new Date(from.getTime() + (day * 24 + hour) * hourMs);
  auditLog.drop(hourOf(lostHour.day, lostHour.hour), hourOf(lostHour.day, lostHour.hour + 1));
  clock.stand();
  let jobs = 0;
  for (let day = 0; day < days; day++) {
    for (let hour = 0; hour < 24; hour++) {
      clock.set(hourOf(day, hour));
      jobs += await liveHour(world, service, day, hour);
      // Ten minutes past the hour, as in production: the rows of the hour before have arrived.
      clock.set(new Date(hourOf(day, hour).getTime() + 50 * 60_000));
      await service.collectRetrievals();
    }
    await service.collectJobs();
    await service.reconcileRotations();
    progress(`  day ${String(day + 1)} of ${String(days)}: ${hourOf(day, 0).toISOString().slice(0, 10)}`);
  }
  return { days, jobs };
}

async function liveHour(world: StoryWorld, service: StoryService, day: number, hour: number): Promise<number> {
  const { cloud, runners } = world;
  const due = jobsOfDay(day).filter((one) => one.hour === hour);
  for (const { job } of due) {
    cloud.clock.advance(60_000);
    const running = startJob(world, job);
    const identity = runners.get(job.runner) ?? world.keyturn;
    const post = job.receipts === 'posted' ? service.postReceipts : null;
    await fetchAsJob({ cloud, running, identity, post }, job.reads);
    cloud.clock.advance(90_000);
    running.log('Done.');
    running.finish('success');
  }
  for (const incident of incidents.filter((one) => one.day === day && one.hour === hour)) {
    cloud.clock.advance(120_000);
    await incident.happen(world, service);
  }
  return due.length;
}

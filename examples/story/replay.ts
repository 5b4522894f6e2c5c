import { fetchAsJob } from './fetch-as-job.ts';
import { incidents, jobsOfDay, lostHour, startJob } from './incidents.ts';
import type { StoryService, StoryWorld } from './story-world.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** The number of events. */
export interface Replayed {
  readonly hours: number;
  readonly jobs: number;
}

/**
 * Replays from `from` to the last whole hour before `to` on the embedded clock, hour by hour: jobs read, incidents
 * happen, and the service does its scheduled work (a canary every hour, collections, reconciling at the end of the
 * day), for real and over the wire.
 */
export async function replayStory(
  world: StoryWorld,
  service: StoryService,
  { from, to, progress }: { readonly from: Date; readonly to: Date; readonly progress: (line: string) => void },
): Promise<Replayed> {
  const { clock, auditLog } = world.cloud;
  const hours = Math.floor((to.getTime() - from.getTime()) / hourMs);
  const hourOf = (hour: number) => new Date(from.getTime() + hour * hourMs);
  const lost = lostHour.day * 24 + lostHour.hour;
  auditLog.drop(hourOf(lost), hourOf(lost + 1));
  clock.stand();
  let jobs = 0;
  for (let hour = 0; hour < hours; hour++) {
    clock.set(new Date(hourOf(hour).getTime() + 10 * minuteMs));
    await service.readCanary();
    // Every six hours instead of every hour: the same slices in a fraction of the time.
    if (hour % 6 === 5) await service.collectRetrievals();
    jobs += await liveHour(world, service, Math.floor(hour / 24), hour % 24);
    if (hour % 24 !== 23) continue;
    clock.set(new Date(hourOf(hour).getTime() + 55 * minuteMs));
    await service.collectJobs();
    await service.reconcileRotations();
    progress(
      `  Day ${String((hour + 1) / 24)} of ${String(Math.ceil(hours / 24))}: ${hourOf(hour).toISOString().slice(0, 10)}`,
    );
  }
  return { hours, jobs };
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

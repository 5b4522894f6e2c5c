import type { NotificationEvent } from './notification-event.ts';
import { eventTable } from './event-table.ts';

/** When a channel may disturb people. Times are `HH:MM` in the time zone. */
export interface Timing {
  readonly timeZone: string;
  /** Nothing but what is urgent is sent within; it may go past midnight. `null`: none. */
  readonly quiet: { readonly from: string; readonly to: string } | null;
  /** Once a day, all that is not urgent as one message; `null`: each at once. */
  readonly digestAt: string | null;
}

/** Any time, one message each. */
export const atOnce: Timing = { timeZone: 'UTC', quiet: null, digestAt: null };

/** When an event may be sent, and whether together with others. */
export interface Release {
  readonly at: Date;
  readonly inDigest: boolean;
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;

/** When an event that is announced now may be sent: what is urgent at once, at any hour. */
export function releaseOf(event: NotificationEvent, now: Date, { timeZone, quiet, digestAt }: Timing): Release {
  if (eventTable[event.type].urgent) return { at: now, inDigest: false };
  if (digestAt !== null) return { at: nextTime(digestAt, now, timeZone), inDigest: true };
  if (quiet !== null && isWithin(quiet, localMinutes(now, timeZone)))
    return { at: nextTime(quiet.to, now, timeZone), inDigest: false };
  return { at: now, inDigest: false };
}

function isWithin({ from, to }: { readonly from: string; readonly to: string }, minutes: number): boolean {
  const [begin, end] = [minutesOf(from), minutesOf(to)];
  return begin < end ? minutes >= begin && minutes < end : minutes >= begin || minutes < end;
}

/**
 * The next moment after `now` at which a clock of the zone shows a time, to the minute. Where the clock is put forward past it,
 * that moment counts; where it shows it twice, the first.
 */
function nextTime(time: string, now: Date, timeZone: string): Date {
  const wanted = minutesOf(time);
  const start = Math.floor(now.getTime() / minuteMs) * minuteMs;
  let before = localMinutes(new Date(start), timeZone);
  for (let minute = 1; minute <= dayMinutes + 180; minute += 1) {
    const at = new Date(start + minute * minuteMs);
    const shown = localMinutes(at, timeZone);
    const step = (shown - before + dayMinutes) % dayMinutes;
    const toWanted = (wanted - before + dayMinutes) % dayMinutes;
    // A clock that is put back makes a step of nearly a day.
    if (toWanted > 0 && toWanted <= step && step < dayMinutes / 2) return at;
    before = shown;
  }
  return new Date(start + dayMinutes * minuteMs);
}

function minutesOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Minutes since midnight, as a clock of the zone shows them. */
function localMinutes(at: Date, timeZone: string): number {
  const options = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  const clock = clocks.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', options);
  clocks.set(timeZone, clock);
  return minutesOf(clock.format(at));
}

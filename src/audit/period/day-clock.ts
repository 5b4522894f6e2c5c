import { dayMs } from '../../secrets/duration.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { RowView } from '../parsing/row-view.ts';

/** Says where in a day rows lie. Both forms of a row have the same number for the same time. */
export interface DayClock {
  /** Ten-millionths of a second since the month began; `null` outside of the part of the day. `bytes`: the row is in them. */
  ofRead(row: Pick<RowView, 'moment' | 'timeFrom'>, bytes: Buffer): number | null;
  /** The same of a `Retrieval`'s time. */
  ofText(at: string): number | null;
}

const ticksInMs = 10_000;
const ticksInDay = dayMs * ticksInMs;
/** Where the digits of a time are that are less than a millisecond. */
const lastTicks = 23;
const zero = 0x30;

/** `day`: a day in UTC, or a part of it, whose bounds have no fraction of a millisecond. */
export function createDayClock({ from, to }: ReportingPeriod): DayClock {
  // Texts of this form sort by time, to all seven digits.
  const [first, end] = [withTicks(from), withTicks(to)];
  const [firstMoment, endMoment] = [from.getTime(), to.getTime()];
  const before = from.getUTCDate() * ticksInDay;
  return {
    ofRead({ moment, timeFrom }, bytes) {
      if (moment < firstMoment || moment >= endMoment) return null;
      return before + (moment % dayMs) * ticksInMs + fourDigits(bytes, timeFrom + lastTicks);
    },
    ofText(at) {
      if (at < first || at >= end) return null;
      const minutes = Number(at.slice(11, 13)) * 60 + Number(at.slice(14, 16));
      // A log may name a 29th of February that the year has not.
      const days = Number(at.slice(8, 10)) * ticksInDay;
      return days + (minutes * 60 + Number(at.slice(17, 19))) * 1_000 * ticksInMs + Number(at.slice(20, 27));
    },
  };
}

function withTicks(at: Date): string {
  return at.toISOString().replace('Z', '0000Z');
}

function fourDigits(bytes: Buffer, at: number): number {
  let number = 0;
  for (let index = at; index < at + 4; index += 1) number = 10 * number + (bytes[index] ?? zero) - zero;
  return number;
}

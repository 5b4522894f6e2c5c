import { schedule } from '../../src/server.ts';

type Work = keyof typeof schedule;

/** The server's own schedule, for a clock that the machine's timers do not know. */
export interface CompressedSchedule {
  /** What has become due since the last call. Work that was due more than once is due once, as after a busy hour. */
  due(now: Date): readonly Work[];
}

const secondMs = 1_000;
const works = Object.keys(schedule) as Work[];

export function compressedSchedule(from: Date): CompressedSchedule {
  const next = new Map(works.map((work) => [work, nextOf(schedule[work].when, from)]));
  let last = from;
  return {
    due(now) {
      // A clock that was set back: what lies ahead is told anew.
      if (now < last) for (const work of works) next.set(work, nextOf(schedule[work].when, now));
      last = now;
      const due = works.filter((work) => (next.get(work) ?? now) <= now);
      for (const work of due) next.set(work, nextOf(schedule[work].when, now));
      return due;
    },
  };
}

/** The first second after `from` that a line `second minute hour * * *` names, in UTC. */
function nextOf(when: string, from: Date): Date {
  const [second = '', minute = '', hour = '', ...days] = when.split(' ');
  if (days.join(' ') !== '* * *') throw new Error(`The soak reads no days: ${when}`);
  const start = Math.floor(from.getTime() / secondMs) * secondMs + secondMs;
  for (let at = start; at <= start + 86_400 * secondMs; at += secondMs) {
    const time = new Date(at);
    const fits =
      names(second, time.getUTCSeconds()) && names(minute, time.getUTCMinutes()) && names(hour, time.getUTCHours());
    if (fits) return time;
  }
  throw new Error(`No second of a day is named by ${when}`);
}

function names(field: string, value: number): boolean {
  if (field === '*') return true;
  const [, step] = /^\*\/(\d+)$/.exec(field) ?? [];
  return step === undefined ? field.split(',').map(Number).includes(value) : value % Number(step) === 0;
}

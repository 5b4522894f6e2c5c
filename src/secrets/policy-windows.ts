import type { SecretBinding } from './policy.ts';

const minuteMs = 60_000;
const weekMinutes = 7 * 24 * 60;

/**
 * When the windows of all these secrets are open next: `null` when they are open now, or when there are none. A window is days
 * and hours of a time zone; one that ends before it begins goes past midnight. To the minute.
 */
export function windowOpensAt(bindings: readonly SecretBinding[], now: Date): Date | null {
  const limited = bindings.filter(({ windows }) => windows.length > 0);
  if (limited.length === 0) return null;
  const isOpen = (at: Date) => limited.every(({ windows }) => windows.some((window) => isInside(window, at)));
  if (isOpen(now)) return null;
  const start = Math.ceil(now.getTime() / minuteMs) * minuteMs;
  // Windows repeat every week; a step of five minutes finds each that is worth the name.
  for (let minutes = 0; minutes <= weekMinutes; minutes += 5) {
    const at = new Date(start + minutes * minuteMs);
    if (isOpen(at)) return at;
  }
  return new Date(start + weekMinutes * minuteMs);
}

type Window = SecretBinding['windows'][number];

function isInside({ days, from, to, timeZone }: Window, at: Date): boolean {
  const local = localTime(at, timeZone);
  const yesterday = weekDays[(weekDays.indexOf(local.day) + 6) % 7] ?? 'sun';
  if (from < to) return days.includes(local.day) && local.time >= from && local.time < to;
  return (days.includes(local.day) && local.time >= from) || (days.includes(yesterday) && local.time < to);
}

const weekDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type WeekDay = (typeof weekDays)[number];

/** The day and the time, `HH:MM`, in a time zone. */
function localTime(at: Date, timeZone: string): { day: WeekDay; time: string } {
  const parts = new Map(
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const day = weekDays.find((one) => one === parts.get('weekday')?.toLowerCase()) ?? 'mon';
  return { day, time: `${parts.get('hour') ?? '00'}:${parts.get('minute') ?? '00'}` };
}

import { createHash } from 'node:crypto';
import type { IssueRequest } from '../../rotation/ports/credential-issuer.ts';
import { dayMs } from '../../secrets/duration.ts';

export const registryPasswordNames = ['password1', 'password2'] as const;
export type RegistryPasswordName = (typeof registryPasswordNames)[number];

/** One of a token's two passwords, as Azure lists it, without its value. */
export interface RegistryPassword {
  readonly name: RegistryPasswordName;
  /** `null`: it does not expire. */
  readonly expiry: Date | null;
  /** When it was set; `null` if Azure does not say. */
  readonly madeAt: Date | null;
}

const secondsOfDay = 86_400;
/** The milliseconds of every expiry that Keyturn sets. */
const sign = 711;
/** A password that was ended expires within two days. */
const endedWithinMs = 3 * dayMs;
/** Azure promises no time; Entra's servers, which are the same kind of service, were seen to need up to this. */
const settlesForMs = 15 * 60_000;
/** What was made within this time of the request's own has its expiry within as much. */
const nearMs = 3 * dayMs;

/**
 * When the password of this rotation expires by itself: a week after the last moment at which it is needed, at a second
 * of that day which names the rotation, because Azure keeps no name with a password.
 */
export function expiryOf(request: IssueRequest): Date {
  return atSecond(lastNeeded(request), markOf(request));
}

/** The expiry of a password that was ended, whose value nobody keeps. */
export function endedExpiry(now: Date): Date {
  return atSecond(now.getTime() + dayMs, endedMark);
}

/** Whether this rotation made a password. Another one has the same second of the day once in 86,400. */
export function isMadeBy({ expiry }: RegistryPassword, request: IssueRequest): boolean {
  if (expiry === null || secondOf(expiry) !== markOf(request)) return false;
  return Math.abs(expiry.getTime() - lastNeeded(request)) < nearMs;
}

/** Whether any rotation of Keyturn made a password. */
export function isMadeByKeyturn({ expiry }: RegistryPassword): boolean {
  return expiry?.getUTCMilliseconds() === sign;
}

/** Whether nobody can use a password any more: it has expired, or Keyturn ended it. */
export function isEnded({ expiry }: RegistryPassword, now: Date): boolean {
  if (expiry === null) return false;
  const leftMs = expiry.getTime() - now.getTime();
  return (
    leftMs <= 0 || (leftMs < endedWithinMs && secondOf(expiry) === endedMark && expiry.getUTCMilliseconds() === sign)
  );
}

/** Whether a password was set so recently that a server of the registry may not know it yet. */
export function isSettling({ madeAt }: RegistryPassword, now: Date): boolean {
  return madeAt !== null && Math.abs(now.getTime() - madeAt.getTime()) < settlesForMs;
}

function lastNeeded({ binding, now }: IssueRequest): number {
  return now.getTime() + binding.validityMs + binding.graceMs + 7 * dayMs;
}

/** The next day that begins after a time, at a second of it. */
function atSecond(afterMs: number, second: number): Date {
  return new Date((Math.floor(afterMs / dayMs) + 1) * dayMs + second * 1000 + sign);
}

function secondOf(time: Date): number {
  return Math.floor((time.getTime() % dayMs) / 1000);
}

function markOf({ binding: { vault, name }, rotationId }: IssueRequest): number {
  return markFor(`${vault}/${name}/${rotationId}`);
}

function markFor(words: string): number {
  return createHash('sha256').update(words.toLowerCase()).digest().readUInt32BE(0) % secondsOfDay;
}

const endedMark = markFor('ended');

import { ServiceError } from '../../service-error.ts';

/** One line of `doctor`: what was looked at, how it is, and what to do. */
export interface Check {
  readonly what: string;
  /** `warn`: it works, or cannot be looked at; somebody should know. */
  readonly verdict: 'pass' | 'warn' | 'fail';
  /** Our own words with names, ids and codes: never a value. */
  readonly says: string;
  /** A command to be run as it stands, such as `az role assignment create …`; `null` where none helps. */
  readonly command: string | null;
}

export function pass(what: string, says: string): Check {
  return { what, verdict: 'pass', says, command: null };
}

export function warn(what: string, says: string, command: string | null = null): Check {
  return { what, verdict: 'warn', says, command };
}

export function fail(what: string, says: string, command: string | null = null): Check {
  return { what, verdict: 'fail', says, command };
}

/** Looks, and makes a failed line of a failure that Keyturn can name; `remedy` gives the command against it. */
export async function lookAt(
  what: string,
  look: () => Promise<Check>,
  remedy: (error: ServiceError) => string | null = () => null,
): Promise<Check> {
  try {
    return await look();
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    const details = Object.entries(error.details).filter(([, detail]) => detail !== null);
    const named = details.map(([name, detail]) => `${name} ${String(detail)}`).join(', ');
    return fail(what, `${error.code}: ${error.says} (${named})`, remedy(error));
  }
}

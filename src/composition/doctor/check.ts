import { ServiceError } from '../../service-error.ts';

/** One line of `doctor`: what it checked, the result, and what to do. */
export interface Check {
  readonly what: string;
  /** `warn`: it works or cannot be checked, and an operator should know. */
  readonly verdict: 'pass' | 'warn' | 'fail';
  /** A sentence with names, ids and codes, never a value. */
  readonly says: string;
  /** A command to run without changes, such as `az role assignment create …`; `null` if none helps. */
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

/** Makes a check. A failure that Keyturn can name becomes a failed line, with the command that `remedy` returns. */
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

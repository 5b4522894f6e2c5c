/** One line of `doctor`: what was checked, the result, and what to do about a problem. */
export interface Diagnosis {
  readonly layer: string;
  readonly verdict: 'pass' | 'warn' | 'fail';
  /** Contains only identifiers and fixed text, never a token or a value. */
  readonly message: string;
  /** Empty if there is nothing to do. */
  readonly advice: string;
}

export function pass(layer: string, message: string): Diagnosis {
  return { layer, verdict: 'pass', message, advice: '' };
}

export function warn(layer: string, message: string, advice: string): Diagnosis {
  return { layer, verdict: 'warn', message, advice };
}

export function fail(layer: string, message: string, advice: string): Diagnosis {
  return { layer, verdict: 'fail', message, advice };
}

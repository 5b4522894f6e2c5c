/** One line of `doctor`: what was looked at, how it is, and what to do when it is not well. */
export interface Diagnosis {
  readonly layer: string;
  readonly verdict: 'pass' | 'warn' | 'fail';
  /** Made of identifiers and our own words: never a token, never a value. */
  readonly message: string;
  /** Empty where nothing is to be done. */
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

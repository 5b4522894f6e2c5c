/** One line of `doctor`: what was looked at, how it is, and what to do when it is not well. */
export interface Diagnosis {
  readonly layer: string;
  readonly verdict: 'pass' | 'warn' | 'fail';
  /** Made of identifiers and our own words: never a token, never a value. */
  readonly says: string;
  /** Empty where nothing is to be done. */
  readonly advice: string;
}

export function pass(layer: string, says: string): Diagnosis {
  return { layer, verdict: 'pass', says, advice: '' };
}

export function warn(layer: string, says: string, advice: string): Diagnosis {
  return { layer, verdict: 'warn', says, advice };
}

export function fail(layer: string, says: string, advice: string): Diagnosis {
  return { layer, verdict: 'fail', says, advice };
}

import type { RotationFacts } from './journal-entry.ts';

/** How the journal says that an intent is about a further place, and not about the vault or the provider. */
const mark = 'place ';

/** The reasons of an intent to write to a place of this kind. */
export function placeReasons(kind: string, reasons: readonly string[]): readonly string[] {
  return [...reasons, `${mark}${kind}`];
}

/** Whether an act was about a further place. */
export function isAboutPlace({ reasons = [] }: RotationFacts): boolean {
  return reasons.some((reason) => reason.startsWith(mark));
}

/** What else an intent said. */
export function reasonsBesidePlace({ reasons = [] }: RotationFacts): readonly string[] {
  return reasons.filter((reason) => !reason.startsWith(mark));
}

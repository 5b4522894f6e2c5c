import type { TargetState } from '../journal/target-state.ts';
import { attemptRule } from './attempt-rule.ts';
import { beginRule } from './begin-rule.ts';
import {
  type Call,
  type Decision,
  lookName,
  type Observation,
  type Ruling,
  type Terms,
  type Wait,
} from './decision.ts';
import { closeRule, disableRule, endingRules, stagingRule } from './ending-rule.ts';
import { checkRule, coverRule, disabledRule, newestRule, replicateRule } from './force-rules.ts';

/**
 * Says what is to be done about one target now: one act, one more look, or nothing, with what is waited for and what a person
 * is called for. Pure: it reads no clock, asks nobody and writes nothing.
 *
 * The order matters. What a person published comes first. An open attempt goes before repair, for its own step explains why the
 * value in force is dead. The desired value is published again, tried and repaired; further places follow; what is neither
 * desired nor served ends by one rule; versions of what has ended are disabled; what is due begins. A wait or a call holds back
 * its own act alone, and the rules after it go on.
 */
export function decide(observation: Observation, state: TargetState, terms: Terms): Decision {
  const busy = otherWriter(state, observation);
  if (busy !== null) return { kind: 'rest', waits: [busy], calls: [] };
  const waits: Wait[] = [];
  const calls: Call[] = [];
  for (const rule of rulesFor(state, observation, terms)) {
    for (const ruling of rule(state, observation, terms)) {
      if (ruling === null) continue;
      if ('act' in ruling) return { kind: 'act', act: ruling.act };
      if ('look' in ruling) {
        if (observation.seen.unseen?.has(lookName(ruling.look)) !== true) return { kind: 'look', look: ruling.look };
        waits.push({ until: null, why: 'unseen', about: 'wait', credential: null });
      } else if ('wait' in ruling) waits.push(ruling.wait);
      else calls.push(ruling.call);
    }
  }
  return { kind: 'rest', waits, calls };
}

type Rule = (state: TargetState, observation: Observation, terms: Terms) => readonly Ruling[];

const one =
  (rule: (state: TargetState, observation: Observation, terms: Terms) => Ruling): Rule =>
  (state, observation, terms) => [rule(state, observation, terms)];

/** What is absent, unknown or disabled closes all that would publish over it. */
function rulesFor(state: TargetState, observation: Observation, terms: Terms): readonly Rule[] {
  const newest = newestRule(state, observation, terms);
  if (newest !== null) return [() => [newest]];
  const disabled = disabledRule(state, observation, terms);
  if (disabled !== null) return [() => [disabled], one(stagingRule)];
  return [
    one(attemptRule),
    one(coverRule),
    one(checkRule),
    one(replicateRule),
    endingRules,
    one(stagingRule),
    one(disableRule),
    one(closeRule),
    one(beginRule),
  ];
}

/** Another worker is at an act, or goes on at once with a value that only its memory holds. */
function otherWriter({ heldBy }: TargetState, { now, writer }: Observation): Wait | null {
  if (heldBy === null || heldBy.writer === writer || Date.parse(heldBy.until) < now.getTime()) return null;
  return { until: new Date(heldBy.until), why: 'busy', about: 'wait', credential: null };
}

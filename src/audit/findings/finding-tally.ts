import { hash } from 'node:crypto';
import { compareText } from '../../provenance/compare-text.ts';
import type { Finding, FindingRule } from '../model/finding.ts';

/** Builds a finding's description once its count and times are known. */
type Sentence = (tally: { readonly count: number; readonly firstAt: string; readonly lastAt: string }) => string;

/** One event of a finding. */
export interface TalliedEvent {
  readonly subject: string;
  /**
   * Events of one subject with different keys are different findings; by default all events of a subject are one
   * finding.
   */
  readonly key?: string;
  readonly severity: Finding['severity'];
  readonly at: string;
  /** The id of the event itself, such as a retrieval's id. The first one is part of the finding's id. */
  readonly evidence: string;
  readonly description: Sentence;
}

/** The most evidence that a finding lists; find the rest by subject and time in the data. */
const mostEvidence = 100;

/**
 * Gathers events into findings, one per subject and key, in order of their first event. An event that is added twice in a
 * row counts once.
 */
export function createFindingTally(rule: FindingRule): {
  add(event: TalliedEvent): void;
  /** Marks a lasting exception as ended. An event that is added later opens it again. Ignores what was never added. */
  end(subject: string, key: string, ended: { readonly at: string; readonly by: string }): void;
  findings(): readonly Finding[];
} {
  interface Gathered extends TalliedEvent {
    count: number;
    firstAt: string;
    lastAt: string;
    first: string;
    newest: string;
    ended: Finding['ended'];
    readonly all: string[];
  }
  const gathered = new Map<string, Gathered>();
  return {
    add(event) {
      const { at, evidence } = event;
      const key = `${event.subject}\n${event.key ?? ''}`;
      const known = gathered.get(key);
      if (known === undefined) {
        gathered.set(key, {
          ...event,
          count: 1,
          firstAt: at,
          lastAt: at,
          first: evidence,
          newest: evidence,
          ended: null,
          all: [evidence],
        });
        return;
      }
      known.ended = null;
      if (at > known.lastAt) known.lastAt = at;
      if (known.newest === evidence) return;
      known.newest = evidence;
      known.count += 1;
      if (at < known.firstAt) {
        known.firstAt = at;
        known.first = evidence;
      }
      if (known.all.length < mostEvidence) known.all.push(evidence);
    },
    end(subject, key, ended) {
      const known = gathered.get(`${subject}\n${key}`);
      if (known !== undefined) known.ended ??= ended;
    },
    findings: () =>
      [...gathered.values()]
        .map(
          (one): Finding => ({
            format: 1,
            id: findingId(rule, one.subject, one.first),
            rule,
            severity: one.severity,
            subject: one.subject,
            description: one.description(one),
            firstAt: one.firstAt,
            lastAt: one.lastAt,
            count: one.count,
            evidence: one.all,
            ended: one.ended,
          }),
        )
        .sort((a, b) => compareText(a.firstAt, b.firstAt) || compareText(a.id, b.id)),
  };
}

/** A finding's id: 16 hexadecimal digits, stable across reports while its first event stays the same. */
export function findingId(rule: FindingRule, subject: string, firstEvent: string): string {
  return hash('sha256', [rule, subject, firstEvent].join('\n')).slice(0, 16);
}

/** `1 read`, `3 reads`. */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

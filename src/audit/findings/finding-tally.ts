import { hash } from 'node:crypto';
import { compareText } from '../../provenance/compare-text.ts';
import type { Finding, FindingRule } from '../model/finding.ts';

/**
 * Builds a finding's description. `count` is the number of its events, or a mark that stands for any number but one, so
 * that the description can be told before all events are known.
 */
type Sentence = (tally: { readonly count: number | string; readonly firstAt: string }) => string;

/** A description whose count is open. */
interface OpenText {
  readonly one: string;
  readonly many: string;
  /** Stands for the count in `many`. */
  readonly mark: string;
}

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

/** The events of one finding so far: plain data. */
interface Gathered {
  readonly subject: string;
  readonly severity: Finding['severity'];
  readonly text: OpenText;
  count: number;
  firstAt: string;
  lastAt: string;
  first: string;
  newest: string;
  ended: Finding['ended'];
  all: string[];
}

/** What one share of the events came to, by subject and key. */
type TallyShare = ReadonlyMap<string, Gathered>;

/** The part of a rule that a tally plays. */
interface TallyObserver {
  findings(): readonly Finding[];
  take(): TallyShare;
  absorb(share: TallyShare): void;
}

/**
 * Gathers events into findings, one per subject and key, in order of their first event. An event that is added twice in a
 * row counts once.
 */
export function createFindingTally(rule: FindingRule): {
  add(event: TalliedEvent): void;
  /** Marks a lasting exception as ended. An event that is added later opens it again. Ignores what was never added. */
  end(subject: string, key: string, ended: { readonly at: string; readonly by: string }): void;
  findings(): readonly Finding[];
  /** For a rule that has nothing but this tally. */
  readonly observer: TallyObserver;
} {
  const gathered = new Map<string, Gathered>();
  const findings = () =>
    [...gathered.values()]
      .map((one) => toFinding(rule, one))
      .sort((a, b) => compareText(a.firstAt, b.firstAt) || compareText(a.id, b.id));
  return {
    add(event) {
      const key = `${event.subject}\n${event.key ?? ''}`;
      const known = gathered.get(key);
      if (known === undefined) gathered.set(key, startGathering(event));
      else gather(known, event);
    },
    end(subject, key, ended) {
      const known = gathered.get(`${subject}\n${key}`);
      if (known !== undefined) known.ended ??= ended;
    },
    findings,
    observer: {
      findings,
      take: () => gathered,
      absorb(share) {
        for (const [key, more] of share) {
          const known = gathered.get(key);
          if (known === undefined) gathered.set(key, { ...more });
          else join(known, more);
        }
      },
    },
  };
}

function startGathering({ subject, severity, at, evidence, description }: TalliedEvent): Gathered {
  const text = openText(description, at);
  const times = { firstAt: at, lastAt: at };
  return {
    subject,
    severity,
    text,
    count: 1,
    ...times,
    first: evidence,
    newest: evidence,
    ended: null,
    all: [evidence],
  };
}

function gather(known: Gathered, { at, evidence }: TalliedEvent): void {
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
}

/** Adds the events of a later share. */
function join(known: Gathered, more: Gathered): void {
  known.ended = more.ended;
  known.count += more.count;
  known.newest = more.newest;
  if (more.lastAt > known.lastAt) known.lastAt = more.lastAt;
  if (more.firstAt < known.firstAt) {
    known.firstAt = more.firstAt;
    known.first = more.first;
  }
  known.all = [...known.all, ...more.all].slice(0, mostEvidence);
}

/** Tells the description for one event and for any other number of them. */
function openText(description: Sentence, firstAt: string): OpenText {
  const one = description({ count: 1, firstAt });
  let mark = '#';
  while (one.includes(mark)) mark += '#';
  return { one, many: description({ count: mark, firstAt }), mark };
}

function toFinding(rule: FindingRule, gathered: Gathered): Finding {
  const { subject, severity, text, count, firstAt, lastAt, first, all, ended } = gathered;
  const description = count === 1 ? text.one : text.many.replaceAll(text.mark, String(count));
  const id = findingId(rule, subject, first);
  return { format: 1, id, rule, severity, subject, description, firstAt, lastAt, count, evidence: all, ended };
}

/** A finding's id: 16 hexadecimal digits, stable across reports while its first event stays the same. */
export function findingId(rule: FindingRule, subject: string, firstEvent: string): string {
  return hash('sha256', [rule, subject, firstEvent].join('\n')).slice(0, 16);
}

/** `1 read`, `3 reads`; a mark in place of a number stands for many. */
export function counted(count: number | string, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

import type { Job } from './job.ts';
import type { Retrieval } from './retrieval.ts';

/** Each row of the population has exactly one grade. Reports use this order. */
export const grades = [
  'authenticated',
  'corroborated',
  'inferred',
  'rotation',
  'platform',
  'person',
  'claimed',
  'ambiguous',
  'unattributed',
  'contradicted',
  'rotation-unexplained',
  'broker-unexplained',
] as const;

export type Grade = (typeof grades)[number];

/** What a grade means for a reader of the report. A claim that nothing confirms is not a tie. */
export const gradeGroups = {
  'tied to a job': ['authenticated', 'corroborated', 'inferred'],
  'explained otherwise': ['rotation', 'platform'],
  'by a person': ['person'],
  'not tied': ['claimed', 'ambiguous', 'unattributed'],
  suspicious: ['contradicted', 'rotation-unexplained', 'broker-unexplained'],
} as const satisfies Record<string, readonly Grade[]>;

/** Who could have forged the evidence for a grade; printed with every grade. */
export const forgers = {
  authenticated: 'Gitea or its administrator, Keyturn itself, or anyone who controls the job while it runs.',
  corroborated: 'Also another job on the same runner, or anyone who controls the runner.',
  inferred: 'Also any unrecorded job that shares the identity.',
  claimed: 'Any job that may use the identity, because nothing confirms the stamp.',
  rotation: 'Keyturn itself, whose journals and records are the proof.',
  platform: 'Microsoft, whose application id the row carries.',
  person: "Anyone who holds that person's credentials.",
  ambiguous: 'Nothing is claimed: several jobs are possible, and all are listed.',
  unattributed: 'Nothing is claimed.',
  contradicted: 'Part of the evidence is forged: it contradicts itself.',
  'rotation-unexplained': "Anyone who holds the rotator's identity.",
  'broker-unexplained': "Anyone who holds the broker's identity.",
} as const satisfies Record<Grade, string>;

/** One row of the population with its grade. */
export interface Attribution {
  readonly retrieval: Retrieval;
  readonly grade: Grade;
  /** The job that the row is tied to; `null` for the grades that name no job. */
  readonly job: Job | null;
  /** For `ambiguous`: every possible job, as `owner/name run/job.attempt`. */
  readonly candidates: readonly string[];
  /** The code of the reason that decided, such as `receipt-posted` or `no-stamp`; counted in the report. */
  readonly reason: string;
  /** References to the evidence: receipts, journal heads, job keys. */
  readonly evidence: readonly string[];
  /**
   * For a row whose stamp nothing confirms, or whose stamp is false: the grade of the same row without its client text.
   * Findings are made from both, so that no text of the reader hides one.
   */
  readonly unaided?: Pick<Attribution, 'grade' | 'job' | 'reason'>;
}

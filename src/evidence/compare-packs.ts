import { z } from 'zod';
import { compareText } from '../provenance/compare-text.ts';
import { ServiceError } from '../service-error.ts';
import { type PackPlace, packRows } from './pack/pack-rows.ts';

const findingShape = z.object({
  id: z.string(),
  rule: z.string(),
  severity: z.enum(['high', 'medium', 'low', 'information']),
  subject: z.string(),
  description: z.string(),
  count: z.number(),
  ended: z.object({ at: z.string(), by: z.string() }).nullable(),
  life: z.object({ state: z.string() }).optional(),
});
type FoundFinding = z.infer<typeof findingShape>;

const testShape = z.object({
  id: z.string(),
  tested: z.number(),
  exceptions: z.number(),
  controls: z.array(z.string()),
});
const readShape = z.object({ grade: z.string() });

type ControlOutcome = 'exceptions' | 'no exceptions' | 'not tested';

/** How often something was counted in the one pack and in the other. */
interface CountChange {
  readonly what: string;
  readonly before: number;
  readonly after: number;
}

type NamedFinding = Pick<FoundFinding, 'id' | 'rule' | 'severity' | 'subject' | 'description' | 'count'>;

/** What differs between two packs. */
export interface PackComparison {
  readonly findings: {
    /** The later pack has one of this rule and subject; the earlier has none. */
    readonly new: readonly NamedFinding[];
    /** Both have one of this rule and subject, and it lasts; as the later pack has it. */
    readonly recurring: readonly NamedFinding[];
    /** The earlier pack has it, and the later one has none of this rule and subject, or one that has ended. */
    readonly fixed: readonly NamedFinding[];
  };
  /** Counts that differ: reads by grade, findings by severity. */
  readonly counts: readonly CountChange[];
  /** Controls whose result differs. `null`: the pack does not report on the control. */
  readonly controls: readonly {
    readonly control: string;
    readonly before: ControlOutcome | null;
    readonly after: ControlOutcome | null;
  }[];
}

/**
 * Compares two packs by their files, in one pass over each.
 * @throws ServiceError `PACK_UNREADABLE` for a file that does not hold what its name says.
 */
export async function comparePacks(before: PackPlace, after: PackPlace): Promise<PackComparison> {
  const [one, other] = [await contentsOf(before), await contentsOf(after)];
  const controls = namesOf(one.controls, other.controls).map((control) => ({
    control,
    before: one.controls.get(control) ?? null,
    after: other.controls.get(control) ?? null,
  }));
  const counts = namesOf(one.counts, other.counts).map((what) => ({
    what,
    before: one.counts.get(what) ?? 0,
    after: other.counts.get(what) ?? 0,
  }));
  return {
    findings: compareFindings(one.findings, other.findings),
    counts: counts.filter((count) => count.before !== count.after),
    controls: controls.filter((control) => control.before !== control.after),
  };
}

/** Whether the packs differ. A finding that recurs is no difference. */
export function differs({ findings, counts, controls }: PackComparison): boolean {
  return [findings.new, findings.fixed, counts, controls].some((list) => list.length > 0);
}

function compareFindings(before: readonly FoundFinding[], after: readonly FoundFinding[]): PackComparison['findings'] {
  const [known, met] = [byCause(before), byCause(after)];
  const isOver = (finding: FoundFinding): boolean => finding.ended !== null || finding.life?.state === 'fixed';
  const lasts = (cause: string, findings: ReadonlyMap<string, readonly FoundFinding[]>): boolean =>
    findings.get(cause)?.some((finding) => !isOver(finding)) ?? false;
  const ofAfter = (keep: (cause: string) => boolean) => after.filter((finding) => keep(causeOf(finding))).map(named);
  return {
    new: ofAfter((cause) => !known.has(cause)),
    recurring: ofAfter((cause) => known.has(cause) && (lasts(cause, met) || !lasts(cause, known))),
    fixed: before
      .filter((finding) => {
        const cause = causeOf(finding);
        return !met.has(cause) || (lasts(cause, known) && !lasts(cause, met));
      })
      .map(named),
  };
}

/** A finding's id changes with its first event; what it is about does not. */
function causeOf({ rule, subject }: FoundFinding): string {
  return `${rule}\n${subject}`;
}

function byCause(findings: readonly FoundFinding[]): ReadonlyMap<string, readonly FoundFinding[]> {
  const causes = new Map<string, FoundFinding[]>();
  for (const finding of findings) {
    const cause = causeOf(finding);
    causes.set(cause, [...(causes.get(cause) ?? []), finding]);
  }
  return causes;
}

function named({ id, rule, severity, subject, description, count }: FoundFinding): NamedFinding {
  return { id, rule, severity, subject, description, count };
}

interface Contents {
  readonly findings: readonly FoundFinding[];
  readonly counts: ReadonlyMap<string, number>;
  readonly controls: ReadonlyMap<string, ControlOutcome>;
}

async function contentsOf(place: PackPlace): Promise<Contents> {
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const findings: FoundFinding[] = [];
  for await (const finding of rowsOf(place, 'findings', findingShape)) {
    findings.push(finding);
    count(`findings, ${finding.severity}`);
  }
  const controls = new Map<string, ControlOutcome>();
  for await (const test of rowsOf(place, 'control-tests', testShape)) {
    for (const control of test.controls) controls.set(control, worseOf(controls.get(control), outcomeOf(test)));
  }
  for await (const { grade } of rowsOf(place, 'retrievals', readShape)) {
    count('reads');
    count(`reads, ${grade}`);
  }
  return { findings, counts, controls };
}

function outcomeOf({ tested, exceptions }: z.infer<typeof testShape>): ControlOutcome {
  if (exceptions > 0) return 'exceptions';
  return tested > 0 ? 'no exceptions' : 'not tested';
}

/** A control has exceptions if one of its tests has, and counts as tested if one of its tests was done. */
function worseOf(one: ControlOutcome | undefined, other: ControlOutcome): ControlOutcome {
  const order: readonly ControlOutcome[] = ['exceptions', 'no exceptions', 'not tested'];
  return order.find((outcome) => outcome === one || outcome === other) ?? other;
}

function namesOf(one: ReadonlyMap<string, unknown>, other: ReadonlyMap<string, unknown>): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].sort(compareText);
}

async function* rowsOf<Shape extends z.ZodType>(
  place: PackPlace,
  name: string,
  shape: Shape,
): AsyncGenerator<z.infer<Shape>> {
  for await (const { path, row, value } of packRows(place, name)) {
    const parsed = shape.safeParse(value);
    if (!parsed.success) {
      const reason = `row ${String(row)} of ${path} is not of this format`;
      throw new ServiceError('PACK_UNREADABLE', { pack: place.pack, reason });
    }
    yield parsed.data;
  }
}

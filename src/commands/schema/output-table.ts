import { z } from 'zod';
import * as evidence from './evidence-outputs.ts';
import * as operator from './operator-outputs.ts';
import * as retention from './retention-outputs.ts';

/** What a command prints with `--json`. */
export interface Output {
  /** What the shape is of: the whole output, or each of its lines. */
  readonly each: 'output' | 'line';
  readonly shape: z.ZodType;
}

const whole = (shape: z.ZodType): Output => ({ each: 'output', shape });
const lines = (shape: z.ZodType): Output => ({ each: 'line', shape });

/** Every command that has `--json`. */
export const outputTable: Readonly<Record<string, Output>> = {
  start: whole(operator.start),
  cloud: whole(operator.cloud),
  serve: lines(operator.logLine),
  adopt: whole(operator.adopt),
  policy: whole(operator.policy),
  list: lines(operator.list),
  show: whole(operator.show),
  status: whole(operator.status),
  approve: whole(operator.approve),
  decline: whole(operator.decline),
  rotate: whole(operator.rotate),
  retire: whole(operator.retire),
  reconcile: whole(operator.reconcile),
  attribute: whole(evidence.attribute),
  report: whole(evidence.report),
  findings: lines(evidence.findings),
  verify: whole(evidence.verify),
  diff: whole(evidence.diff),
  sample: whole(evidence.sample),
  explain: whole(operator.explain),
  access: whole(evidence.access),
  token: lines(operator.tokens),
  retention: lines(retention.retention),
  hold: lines(retention.hold),
  doctor: whole(operator.doctor),
};

/** What a command prints with `--json` when it fails. */
const failure = z
  .strictObject({
    error: z.strictObject({
      code: z.string().meta({ description: 'One of a closed list of codes.' }),
      says: z.string(),
      details: z.record(z.string(), z.unknown()),
    }),
  })
  .meta({ description: 'The command failed; its exit code says how.' });

/** The JSON Schema of one command's output; `null` if it has none. */
export function outputSchema(command: string): Readonly<Record<string, unknown>> | null {
  const output = Object.hasOwn(outputTable, command) ? outputTable[command] : undefined;
  if (output === undefined) return null;
  const { $schema, ...schema } = z.toJSONSchema(z.union([output.shape, failure]), { reused: 'ref' });
  return {
    $schema,
    title: `keyturn ${command} --json`,
    description: output.each === 'line' ? 'The schema of each line.' : 'The schema of the output.',
    ...schema,
  };
}

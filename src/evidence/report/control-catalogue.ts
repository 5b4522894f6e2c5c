import { z } from 'zod';
import type { FindingRule } from '../../audit/model/finding.ts';
import type { Framework } from './report-model.ts';
import { templateText } from './template-folder.ts';

const observationsShape = z.strictObject({
  format: z.literal(1),
  version: z.string(),
  observations: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      method: z.enum(['TEST', 'EXAMINE']),
      rules: z.array(z.string()),
      population: z.strictObject({
        name: z.string(),
        file: z.string(),
        unit: z.string(),
        units: z.string().optional(),
      }),
      criterion: z.string().optional(),
    }),
  ),
});
const proceduresShape = z.strictObject({
  format: z.literal(1),
  version: z.string(),
  procedures: z.record(z.string(), z.string()),
});
const frameworkShape = z.strictObject({
  format: z.literal(1),
  framework: z.enum(['soc2', 'iso27001']),
  version: z.string(),
  title: z.string(),
  note: z.string(),
  controls: z.array(
    z.strictObject({
      id: z.string(),
      description: z.string(),
      tests: z.array(z.strictObject({ observation: z.string(), why: z.string() })),
      notTested: z.string().optional(),
    }),
  ),
});

/** One control test, whichever framework uses it. A finding of one of its `rules` is an exception. */
export interface Observation {
  readonly id: string;
  readonly title: string;
  readonly method: 'TEST' | 'EXAMINE';
  readonly rules: readonly FindingRule[];
  /** `file`: the name of its rows in the pack, without parts and extension. `units`: the plural, if an s is not enough. */
  readonly population: {
    readonly name: string;
    readonly file: string;
    readonly unit: string;
    readonly units?: string | undefined;
  };
  /** What an event is held against; `null` if there is nothing. */
  readonly criterion: string | null;
  readonly procedure: string;
}

/** One control of a framework, in Keyturn's words: its tests, and why each is relevant. */
export interface Control {
  readonly id: string;
  readonly description: string;
  readonly tests: readonly { readonly observation: Observation; readonly why: string }[];
  /** Why Keyturn does not test it; `null` if it does. */
  readonly notTested: string | null;
}

export interface ControlCatalogue {
  readonly version: string;
  readonly observations: readonly Observation[];
  readonly frameworks: readonly {
    readonly framework: Framework;
    readonly title: string;
    readonly note: string;
    readonly controls: readonly Control[];
  }[];
}

/** Reads the catalogue of `templates/controls`. Refuses a mapping to an unknown observation. */
export async function readControlCatalogue(frameworks: readonly Framework[]): Promise<ControlCatalogue> {
  const { observations: listed, version } = observationsShape.parse(await json('observations'));
  const { procedures } = proceduresShape.parse(await json('procedures'));
  const observations = listed.map(
    ({ rules, ...one }): Observation => ({
      ...one,
      rules: rules as FindingRule[], // A test compares the catalogue's rules with the type's.
      criterion: one.criterion ?? null,
      procedure: known(procedures[one.id], one.id),
    }),
  );
  const byId = new Map(observations.map((one) => [one.id, one]));
  const sections = await Promise.all(
    frameworks.map(async (framework) => {
      const { controls, title, note } = frameworkShape.parse(await json(framework));
      return {
        framework,
        title,
        note,
        controls: controls.map(({ tests, notTested, ...one }) => ({
          ...one,
          notTested: notTested ?? null,
          tests: tests.map(({ observation, why }) => ({ observation: known(byId.get(observation), observation), why })),
        })),
      };
    }),
  );
  return { version, observations, frameworks: sections };
}

async function json(name: string): Promise<unknown> {
  return JSON.parse(await templateText(`controls/${name}.json`)) as unknown;
}

function known<Value>(value: Value | undefined, id: string): Value {
  if (value === undefined) throw new TypeError(`templates/controls names ${id}, which is not there.`);
  return value;
}

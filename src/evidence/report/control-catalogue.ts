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
      frequency: z.string(),
      rules: z.array(z.string()),
      population: z.strictObject({
        name: z.string(),
        file: z.string(),
        unit: z.string(),
        counted: z.string().optional(),
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
      owner: z.string(),
      customer: z.string(),
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
  /** How often an event of the population is tested: `each read`, `daily`. */
  readonly frequency: string;
  readonly rules: readonly FindingRule[];
  /**
   * `file`: the name of its rows in the pack, without parts and extension. `counted`: what of the file is counted, if not
   * each of its rows. `units`: the plural, if an s is not enough.
   */
  readonly population: {
    readonly name: string;
    readonly file: string;
    readonly unit: string;
    readonly counted?: string | undefined;
    readonly units?: string | undefined;
  };
  /** What an event is held against; `null` if there is nothing. */
  readonly criterion: string | null;
  readonly procedure: string;
}

/** One control of a framework, in Keyturn's words: its tests, and why each is relevant. */
export interface Control {
  readonly id: string;
  /** The operator's own ids of this control; empty without `keyturn.controls.yml`. */
  readonly ownIds: readonly string[];
  readonly description: string;
  /** Who is responsible, as a role. */
  readonly owner: string;
  /** How often the operator says that it is performed; `null`: as often as its tests. */
  readonly frequency: string | null;
  /** What it needs that Keyturn cannot do. */
  readonly customer: string;
  /** `why`: why a deviation of the test is a deviation of the control. */
  readonly tests: readonly { readonly observation: Observation; readonly why: string }[];
  /** Why Keyturn does not test it; `null` if it does. */
  readonly notTested: string | null;
}

/** The controls of one framework; `own` are those that the operator adds. */
export interface CatalogueSection {
  readonly framework: Framework | 'own';
  readonly title: string;
  readonly note: string;
  readonly controls: readonly Control[];
  /** Controls that the operator leaves out, each with the reason. */
  readonly leftOut: readonly { readonly id: string; readonly why: string }[];
}

export interface ControlCatalogue {
  readonly version: string;
  /** sha256 of the operator's `keyturn.controls.yml`; `null` without one. */
  readonly ownControlsSha256: string | null;
  readonly observations: readonly Observation[];
  readonly frameworks: readonly CatalogueSection[];
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
        leftOut: [],
        controls: controls.map(({ tests, notTested, ...one }) => ({
          ...one,
          ownIds: [],
          frequency: null,
          notTested: notTested ?? null,
          tests: tests.map(({ observation, why }) => ({ observation: known(byId.get(observation), observation), why })),
        })),
      };
    }),
  );
  return { version, ownControlsSha256: null, observations, frameworks: sections };
}

async function json(name: string): Promise<unknown> {
  return JSON.parse(await templateText(`controls/${name}.json`)) as unknown;
}

function known<Value>(value: Value | undefined, id: string): Value {
  if (value === undefined) throw new TypeError(`templates/controls names ${id}, which is not there.`);
  return value;
}

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { yamlSource } from '../../secrets/yaml-source.ts';
import { ServiceError } from '../../service-error.ts';
import {
  type CatalogueSection,
  type Control,
  type ControlCatalogue,
  readControlCatalogue,
} from './control-catalogue.ts';

const text = z.string('must be a text').trim().min(1, 'must not be empty').max(400, 'must have at most 400 characters');
const ownId = z.string('must be a text').regex(/^[\p{L}\p{N}][\p{L}\p{N} ._:/()-]{0,39}$/u, {
  error: 'must be 1 to 40 letters, digits, blanks and . _ : / ( ) -, and begin with a letter or a digit',
});
const mappedShape = z.strictObject({
  ids: z.array(ownId, 'must be a list').min(1, 'must name an id').optional(),
  owner: text.optional(),
  frequency: text.optional(),
  leaveOut: text.optional(),
});
const addedShape = z.strictObject({
  description: text,
  owner: text,
  customer: text,
  frequency: text.optional(),
  tests: z.record(z.string(), text, 'must be a map'),
});

/** The shape of `keyturn.controls.yml`; docs/keyturn.controls.schema.json is made from it. */
export const ownControlsSchema = z.strictObject({
  format: z.literal(1, 'must be 1'),
  controls: z.record(z.string(), mappedShape, 'must be a map').optional(),
  add: z
    .strictObject({ title: text, note: text.optional(), controls: z.record(ownId, addedShape, 'must be a map') })
    .optional(),
});

type Written = z.infer<typeof ownControlsSchema>;

/** What the operator says of the controls: own ids and owners, what is left out, and what is added. */
export interface OwnControls {
  /** sha256 of the file. */
  readonly sha256: string;
  readonly controls: ReadonlyMap<string, NonNullable<Written['controls']>[string]>;
  readonly added: Written['add'];
}

/**
 * Reads `keyturn.controls.yml`. `file` names it in errors.
 * @throws ServiceError `CONTROLS_MALFORMED` with all faults, each as `line:column path what is wrong`.
 */
export async function parseOwnControls(content: string, file: string): Promise<OwnControls> {
  const source = yamlSource(content);
  const refuse = (faults: readonly string[]) => new ServiceError('CONTROLS_MALFORMED', { file, faults });
  if (source.faults.length > 0) throw refuse(source.faults);
  const parsed = ownControlsSchema.safeParse(source.value);
  if (!parsed.success) throw refuse(parsed.error.issues.flatMap((issue) => faultsOf(source, issue)));

  const { controls = {}, add } = parsed.data;
  const catalogue = await readControlCatalogue(['soc2', 'iso27001']);
  const known = new Set(catalogue.frameworks.flatMap((one) => one.controls.map(({ id }) => id)));
  const tests = new Set(catalogue.observations.map(({ id }) => id));
  const faults = [
    ...Object.entries(controls).flatMap(([id, control]) => {
      const path = ['controls', id];
      if (!known.has(id))
        return [source.at(path, 'is no control of SOC 2 or ISO/IEC 27001 here; docs/controls.md lists them')];
      if (Object.keys(control).length === 0)
        return [source.at(path, 'says nothing: name ids, owner, frequency or leaveOut')];
      const isBoth = control.leaveOut !== undefined && Object.keys(control).length > 1;
      return isBoth ? [source.at(path, 'is left out, so nothing else can be said of it')] : [];
    }),
    ...Object.entries(add?.controls ?? {}).flatMap(([id, added]) => {
      const path = ['add', 'controls', id];
      const unknown = Object.keys(added.tests).filter((test) => !tests.has(test));
      return [
        ...(known.has(id) ? [source.at(path, 'is a control of the framework; map it under controls')] : []),
        ...(Object.keys(added.tests).length === 0 ? [source.at([...path, 'tests'], 'must name a test')] : []),
        ...unknown.map((test) => source.at([...path, 'tests', test], 'is not a test; docs/controls.md lists them')),
      ];
    }),
  ];
  if (faults.length > 0) throw refuse(faults);
  return {
    sha256: createHash('sha256').update(content).digest('hex'),
    controls: new Map(Object.entries(controls)),
    added: add,
  };
}

function faultsOf(source: ReturnType<typeof yamlSource>, issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => source.at([...issue.path, key], 'is an unknown key'));
  if (!source.has(issue.path)) return [source.at(issue.path, 'is missing')];
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return [
    source.at(issue.path, issue.code === 'invalid_type' && message.startsWith('Invalid') ? 'must be a map' : message),
  ];
}

/** The catalogue as the operator wants it. What is left out stays visible as left out, with the reason. */
export function applyOwnControls(catalogue: ControlCatalogue, own: OwnControls | null): ControlCatalogue {
  if (own === null) return catalogue;
  const added = own.added === undefined ? [] : [addedSection(own.added, catalogue)];
  const frameworks = catalogue.frameworks.map((section) => ({
    ...section,
    leftOut: section.controls.flatMap(({ id }) => {
      const why = own.controls.get(id)?.leaveOut;
      return why === undefined ? [] : [{ id, why }];
    }),
    controls: section.controls
      .filter(({ id }) => own.controls.get(id)?.leaveOut === undefined)
      .map((control) => mappedControl(control, own.controls.get(control.id))),
  }));
  return { ...catalogue, ownControlsSha256: own.sha256, frameworks: [...frameworks, ...added] };
}

function mappedControl(control: Control, said: NonNullable<Written['controls']>[string] | undefined): Control {
  if (said === undefined) return control;
  const { ids = [], owner = control.owner, frequency = control.frequency } = said;
  return { ...control, ownIds: ids, owner, frequency };
}

function addedSection(
  { title, note, controls }: NonNullable<Written['add']>,
  { observations }: ControlCatalogue,
): CatalogueSection {
  return {
    framework: 'own',
    title,
    note: note ?? 'Added by the operator in keyturn.controls.yml, in the words of that file.',
    leftOut: [],
    controls: Object.entries(controls).map(([id, { frequency, tests, ...one }]) => ({
      ...one,
      id,
      ownIds: [id],
      frequency: frequency ?? null,
      notTested: null,
      tests: Object.entries(tests).flatMap(([name, why]) => {
        const observation = observations.find((each) => each.id === name);
        return observation === undefined ? [] : [{ observation, why }];
      }),
    })),
  };
}

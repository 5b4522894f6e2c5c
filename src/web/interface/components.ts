import { z } from 'zod';
import { openSessionShape, placeholdersShape, readShape } from '../broker/answer-broker.ts';
import { accessAnswer } from '../portal/access-requests.ts';
import { rotationCommand } from '../portal/list-rotations.ts';
import { findingDecision } from '../portal/show-finding.ts';
import * as shapes from './answer-shapes.ts';

const { text, time } = shapes;
const count = z.int().nonnegative();

/** The bodies of answers, by the names that they have in the document. */
const answers = {
  Person: shapes.person,
  Rotation: shapes.rotation,
  Secret: shapes.secret,
  Upcoming: shapes.upcoming,
  Read: shapes.read,
  FindingStep: shapes.findingStep,
  FindingLife: shapes.findingLife,
  Finding: shapes.finding,
  Pack: shapes.pack,
  PackFile: shapes.packFile,
  PackDifference: shapes.packDifference,
  PackCheck: shapes.packCheck,
  SetupCheck: shapes.setupCheck,
  Source: shapes.source,
  AccessRequest: shapes.accessRequest,
  SecretDetail: shapes.secretDetail.extend({ reads: z.array(shapes.read) }),
  Overview: z.union([
    z.strictObject({
      needs: z.strictObject({
        approvals: count,
        access: count,
        gos: count,
        calls: count,
        openFindings: count,
        gaps: count,
      }),
      upcoming: z.array(shapes.upcoming),
      sources: z.array(shapes.source),
    }),
    z.strictObject({ openFindings: count, packs: count }).meta({ description: 'For an auditor.' }),
  ]),
  SecretList: z.strictObject({ secrets: z.array(shapes.secret) }),
  Plan: z.strictObject({ plan: z.array(text), isRefused: z.boolean() }),
  RotationList: z.strictObject({ rotations: z.array(shapes.rotation) }),
  RotationAnswer: z.union([z.strictObject({ rotationId: text }), z.strictObject({ given: z.array(text) })]),
  ReadList: z.strictObject({
    from: time.nullable(),
    to: time.nullable(),
    deleted: z.array(shapes.deletedReads),
    reads: z.array(shapes.read),
  }),
  JobLog: z.strictObject({ job: text, log: text }),
  FindingList: z.strictObject({
    findings: z.array(shapes.finding),
    gaps: z.array(z.strictObject({ hour: time, state: z.enum(['gap', 'not-read']) })),
  }),
  FindingAnswer: z.strictObject({ finding: text }),
  PackList: z.strictObject({ packs: z.array(shapes.pack) }),
  PackDetail: shapes.pack.extend({ files: z.array(shapes.packFile) }),
  Difference: z.strictObject({ difference: shapes.packDifference.nullable() }),
  AccessRequestList: z.strictObject({ requests: z.array(shapes.accessRequest) }),
  AccessAnswer: z.strictObject({ grant: text }),
  Setup: z.strictObject({ at: time, checks: z.array(shapes.setupCheck) }),
  Retention: shapes.keptRecords,
  Readiness: z.strictObject({ checks: z.array(z.strictObject({ what: text, ready: z.boolean(), says: text })) }),
  EventOutcomes: z.strictObject({ outcomes: z.array(text) }),
  Validation: z.strictObject({ validationResponse: text }),
  ReceiptsAccepted: z.strictObject({ accepted: count }),
  Session: z.strictObject({ session: text }),
  BrokerValue: z.union([
    z.strictObject({
      version: text,
      validFrom: time.nullable(),
      expires: time.nullable(),
      requestId: text,
      at: time,
      value: text.meta({ description: 'The value itself, for the job alone.' }),
    }),
    z.strictObject({ standing: z.literal('approved') }).meta({ description: 'To a request with look.' }),
  ]),
  Placeholders: z.strictObject({
    placeholders: z.array(
      z.strictObject({
        secret: text.meta({ description: 'vault/name.' }),
        placeholder: text.meta({ description: 'Stands for the value in requests, and opens nothing.' }),
        hosts: z.array(text),
      }),
    ),
  }),
  BrokerFault: z.strictObject({
    error: z.union([
      z.strictObject({ code: text, says: text, details: z.record(z.string(), z.unknown()) }),
      z.strictObject({
        code: z.enum(['BROKER_READ_REFUSED', 'BROKER_USE_REFUSED']),
        because: z.array(z.strictObject({ code: text, says: text })),
        request: text.nullable(),
      }),
    ]),
  }),
  Fault: z.strictObject({
    error: text.meta({ description: 'What happened and what to do, in a sentence.' }),
    code: text.exactOptional().meta({ description: 'One of a closed list of codes.' }),
  }),
  OpenApi: z.looseObject({ openapi: z.literal('3.1.1') }),
} as const;

const eventGridEvent = z.looseObject({});

/** The bodies of requests. */
const requests = {
  RotationCommand: rotationCommand,
  FindingDecision: findingDecision,
  AccessWord: accessAnswer,
  SessionRequest: openSessionShape,
  ReadRequest: readShape,
  PlaceholderRequest: placeholdersShape,
  Receipts: z.strictObject({
    receipts: z
      .array(z.looseObject({ format: z.literal(1) }))
      .min(1)
      .max(100),
  }),
  VaultEvents: z.union([z.array(eventGridEvent), eventGridEvent]),
  GiteaDelivery: z.looseObject({}),
} as const;

export type AnswerName = keyof typeof answers;
export type RequestName = keyof typeof requests;

type JsonSchema = Readonly<Record<string, unknown>>;

/** Every named schema of the document. Members that a shape does not name are forbidden in answers. */
export function componentSchemas(): Readonly<Record<string, JsonSchema>> {
  return { ...schemasOf(answers, 'output'), ...schemasOf(requests, 'input') };
}

function schemasOf(shapesByName: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output') {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(shapesByName)) registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}`, io });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => [name, schema]),
  );
}

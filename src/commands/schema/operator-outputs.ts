import { z } from 'zod';
import type { ProposedSecret } from '../../composition/adoption/found-secret.ts';
import type { IncidentStep } from '../../rotation/answer-incident.ts';
import { reconcileCounts } from '../../rotation/pass/pass-notes.ts';
import type { Reconciled } from '../../rotation/reconcile-rotations.ts';
import type { PolicyConsequence } from '../../secrets/policy-consequences.ts';
import { healths } from '../../web/portal-ports.ts';
import * as shapes from '../../web/interface/answer-shapes.ts';
import type { TokenScope } from '../../web/tokens/api-token.ts';

const { text, time } = shapes;
const count = z.int().nonnegative();
const counts = z.record(z.string(), z.number());

export const list = shapes.secret;
export const show = shapes.secretDetail;

export const status = z.strictObject({
  secrets: count,
  counts: z.record(z.enum(healths), count),
  waiting: z.array(
    z.strictObject({
      rotation: text,
      secret: text,
      state: shapes.rotation.shape.state,
      awaits: shapes.rotation.shape.awaits,
      failure: text.nullable(),
    }),
  ),
  overdue: z.array(text),
});

export const approve = z.strictObject({ approved: text, breakGlass: z.boolean() });
export const decline = z.strictObject({ declined: text });

const step = z.strictObject({
  unit: text,
  secrets: z.array(text),
  environment: text.nullable(),
  owner: text.nullable(),
  does: z.enum(['replace', 'by-people', 'end-older', 'over']),
  issuer: text.nullable(),
  fault: text.nullable(),
  count,
  lastAt: time,
}) satisfies z.ZodType<IncidentStep>;

export const rotate = z.union([
  z.strictObject({ rotationId: text, rotations: z.array(shapes.rotation) }),
  z
    .strictObject({ plan: z.array(text), complete: z.boolean(), isRefused: z.boolean() })
    .meta({ description: 'With --plan.' }),
  z.strictObject({ given: z.array(text) }).meta({ description: 'With --go.' }),
  z
    .strictObject({
      since: time,
      readTo: time,
      untied: count,
      deleted: z.array(shapes.deletedReads),
      steps: z.array(step),
      asked: z.array(z.strictObject({ unit: text, rotationId: text.nullable(), fault: text.nullable() })),
    })
    .meta({ description: 'With --read-by.' }),
]);

export const retire = z.strictObject({ retired: z.array(text) });

export const reconcile = z.strictObject({
  counts: z.record(z.enum(reconcileCounts), count),
  plan: z.array(text),
  planned: z.array(z.strictObject({ group: text, text })),
  faults: z.array(text),
  calls: z.array(z.strictObject({ subject: text, code: text, since: time })),
  settled: z.array(text),
}) satisfies z.ZodType<Omit<Reconciled, 'planned' | 'failures'>>;

const proposal = z.strictObject({
  secret: text,
  kind: z.enum(['issuer', 'track', 'managed', 'unknown']),
  issuer: text.nullable(),
  missing: z.array(text),
  confidence: z.enum(['high', 'medium', 'low']),
  because: text,
}) satisfies z.ZodType<ProposedSecret>;

export const adopt = z.strictObject({
  issuer: count,
  complete: count,
  track: count,
  managed: count,
  unknown: count,
  proposals: z.array(proposal),
  sample: z.array(text),
  policy: text.meta({ description: 'The proposal itself, as a policy file.' }),
});

const consequence = z.strictObject({
  kind: z.enum(['becomes-bound', 'becomes-unbound', 'becomes-due', 'may-read', 'may-no-longer-read', 'changes']),
  widens: z.boolean(),
  says: text,
}) satisfies z.ZodType<PolicyConsequence>;

export const policy = z.union([
  z.strictObject({
    file: text,
    valid: z.boolean(),
    sha256: text,
    faults: z.array(z.strictObject({ line: z.int(), column: z.int(), says: text })),
  }),
  z.strictObject({ widens: z.boolean(), consequences: z.array(consequence) }).meta({ description: 'Of diff.' }),
]);

export const explain = z.strictObject({
  secret: text,
  repository: text,
  allowed: z.boolean(),
  namespaces: z.array(z.strictObject({ name: text, allows: z.boolean(), because: z.array(text) })),
  broker: z.strictObject({ serves: z.boolean(), because: z.array(text), approvers: z.array(text).nullable() }),
  uses: z.strictObject({
    allowed: z.boolean(),
    because: z.array(text),
    requests: z.array(
      z.strictObject({
        hosts: z.array(text),
        port: z.int(),
        methods: z.array(text),
        paths: z.array(text),
        place: text,
        addresses: z.enum(['public', 'private', 'loopback']),
      }),
    ),
  }),
  identities: z.array(z.strictObject({ objectId: text, labels: z.array(text), dedicated: z.boolean() })),
});

export const doctor = z.strictObject({ checks: z.array(shapes.setupCheck) });

const scopes = ['read', 'report', 'rotate', 'metrics'] as const satisfies readonly TokenScope[];
const token = {
  id: text,
  name: text,
  scopes: z.array(z.enum(scopes)),
  standing: z.enum(['valid', 'expired', 'revoked']),
  createdAt: time,
  createdBy: shapes.person,
  expiresAt: time,
  revokedAt: time.nullable(),
};
export const tokens = z.union([
  z.strictObject({ ...token, lastUsedAt: time.nullable() }).meta({ description: 'Of list.' }),
  z.strictObject({ ...token, token: text }).meta({ description: 'Of create: the one time that the token is shown.' }),
  z.strictObject(token).meta({ description: 'Of revoke.' }),
]);

export const start = z.strictObject({
  rotations: z.strictObject({ published: count, states: counts }),
  retrievals: z.strictObject({ total: count, grades: counts }),
  findings: count,
  packs: z.array(z.strictObject({ frameworks: z.array(text), directory: text })),
  portal: text,
  job: z.strictObject({ exitCode: z.int() }),
  brokered: z.strictObject({ served: z.int(), refused: z.int(), approved: z.int(), used: z.int() }),
});

export const cloud = z.strictObject({
  page: text,
  file: text.nullable(),
  settings: z.record(z.string(), z.string()).exactOptional().meta({ description: 'Without --env.' }),
});

/** A line of the log of `serve`. */
export const logLine = z.looseObject({ level: z.enum(['debug', 'info', 'warn', 'error']), time, message: text });

import { z } from 'zod';
import { retentionKindNames } from '../../retention/retention-kinds.ts';
import { person, text, time } from '../../web/interface/answer-shapes.ts';

const count = z.int().nonnegative();
const kind = z.enum(retentionKindNames);
const duration = z.string().regex(/^\d+[dhms]$/);
const planned = { kind, name: text, records: count };

/** A rule with what it has deleted, or what the next pass does with one unit. */
export const retention = z.union([
  z.strictObject({
    kind,
    keep: duration.nullable().meta({ description: 'null: it is never deleted.' }),
    deleted: count,
    to: time.nullable().meta({ description: 'What is of an earlier time may be gone; null: nothing was deleted.' }),
  }),
  z.strictObject({ ...planned, goes: z.literal(true), rule: duration }).meta({ description: 'With --plan.' }),
  z
    .strictObject({
      ...planned,
      goes: z.literal(false),
      because: z.enum(['young', 'not-sealed', 'held']),
      hold: count.nullable(),
    })
    .meta({ description: 'With --plan.' }),
]);

const held = { by: person, reason: text };
const span = { from: time.nullable(), to: time.nullable() };

/** A hold that counts, or the entry that began or ended one. */
export const hold = z.union([
  z.strictObject({ number: count, at: time, ...held, ...span }),
  z
    .strictObject({
      format: z.literal(1),
      number: count,
      previous: text.nullable(),
      at: time,
      facts: z.union([
        z.strictObject({ act: z.literal('hold'), ...held, ...span }),
        z.strictObject({ act: z.literal('lift'), ...held, of: count }),
      ]),
    })
    .meta({ description: 'Of add and lift.' }),
]);

import fc from 'fast-check';
import type { z } from 'zod';
import { type NotificationEvent, notificationEvent } from '../../src/notify/notification-event.ts';

/** Any event of any kind, made from the schema: a new kind or member is in it at once. */
export function anyEvent(text: fc.Arbitrary<string> = fc.string({ maxLength: 200 })): fc.Arbitrary<NotificationEvent> {
  const kinds = notificationEvent.options.map((option) =>
    fc.record(
      Object.fromEntries(
        Object.entries(option.shape).map(([name, member]) => [name, valueOf(member as z.ZodType, text)]),
      ),
    ),
  );
  return fc.oneof(...kinds).map((event) => notificationEvent.parse(event));
}

function valueOf(member: z.ZodType, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const definition = member.def as unknown as {
    readonly type: string;
    readonly format?: string;
    readonly values?: readonly unknown[];
    readonly entries?: Readonly<Record<string, string>>;
    readonly innerType?: z.ZodType;
  };
  const moment = fc
    .date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true })
    .map((at) => at.toISOString());
  switch (definition.type) {
    case 'literal':
      return fc.constantFrom(...(definition.values ?? []));
    case 'enum':
      return fc.constantFrom(...Object.values(definition.entries ?? {}));
    case 'boolean':
      return fc.boolean();
    case 'number':
      return fc.nat(4);
    case 'nullable':
      return definition.innerType === undefined ? fc.constant(null) : fc.option(valueOf(definition.innerType, text));
    case 'string':
      if (definition.format === 'datetime') return moment;
      return definition.format === 'date' ? moment.map((at) => at.slice(0, 10)) : text;
    default:
      throw new Error(`No event can be made with a member of type ${definition.type}.`);
  }
}

/** The part of JSON Schema that inputs of tools are described in: closed, and bounded in every member. */
export interface InputSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, InputMember>>;
  readonly required: readonly string[];
  readonly additionalProperties: false;
}

type InputMember = { readonly description: string } & (
  | {
      readonly type: 'string';
      readonly maxLength: number;
      readonly pattern?: string;
      readonly enum?: readonly string[];
    }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'boolean' }
  | {
      readonly type: 'object';
      readonly maxProperties: number;
      readonly additionalProperties: { readonly type: 'string'; readonly maxLength: number };
    }
);

/** An input that fits its schema: what the schema does not require may be left out. */
export interface ToolInput {
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  truth(name: string): boolean | undefined;
  /** Pairs of name and text, in their order. */
  pairs(name: string): readonly (readonly [string, string])[];
}

/** What is wrong with an input. `place`: a member of the schema; empty for the input as a whole. It never repeats what came. */
interface InputFault {
  readonly place: string;
  readonly reason: string;
}

/** Reads an input by its schema, or returns its first fault. */
export function readInput(schema: InputSchema, given: unknown): ToolInput | InputFault {
  if (!isObject(given)) return { place: '', reason: 'the arguments must be an object' };
  const members = new Map(Object.entries(given));
  for (const name of members.keys())
    if (!Object.hasOwn(schema.properties, name))
      return {
        place: '',
        reason: `the arguments have a member other than ${Object.keys(schema.properties).join(', ')}`,
      };
  for (const name of schema.required) if (!members.has(name)) return { place: name, reason: 'it is missing' };
  for (const [name, member] of Object.entries(schema.properties)) {
    const reason = members.has(name) ? faultOf(member, members.get(name)) : null;
    if (reason !== null) return { place: name, reason };
  }
  return inputOf(members);
}

function faultOf(member: InputMember, value: unknown): string | null {
  switch (member.type) {
    case 'string':
      return textFault(member, value);
    case 'integer':
      return typeof value === 'number' &&
        Number.isSafeInteger(value) &&
        value >= member.minimum &&
        value <= member.maximum
        ? null
        : `it must be a whole number from ${String(member.minimum)} to ${String(member.maximum)}`;
    case 'boolean':
      return typeof value === 'boolean' ? null : 'it must be true or false';
    case 'object': {
      const { maxProperties, additionalProperties } = member;
      if (!isObject(value)) return 'it must be an object';
      const texts = Object.values(value);
      if (texts.length > maxProperties) return `it may have ${String(maxProperties)} members`;
      return texts.map((text) => textFault(additionalProperties, text)).find((fault) => fault !== null) ?? null;
    }
    default:
      return member satisfies never;
  }
}

function textFault(
  member: { readonly maxLength: number; readonly pattern?: string; readonly enum?: readonly string[] },
  value: unknown,
): string | null {
  if (typeof value !== 'string') return 'it must be text';
  if (value.length > member.maxLength) return `it may have ${String(member.maxLength)} characters`;
  if (member.enum !== undefined && !member.enum.includes(value)) return `it must be one of ${member.enum.join(', ')}`;
  if (member.pattern !== undefined && !new RegExp(member.pattern, 'u').test(value))
    return `it must have the form ${member.pattern}`;
  return null;
}

function inputOf(members: ReadonlyMap<string, unknown>): ToolInput {
  return {
    text(name) {
      const value = members.get(name);
      return typeof value === 'string' ? value : undefined;
    },
    number(name) {
      const value = members.get(name);
      return typeof value === 'number' ? value : undefined;
    },
    truth(name) {
      const value = members.get(name);
      return typeof value === 'boolean' ? value : undefined;
    },
    pairs(name) {
      const value = members.get(name);
      return isObject(value)
        ? Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text] as const] : []))
        : [];
    },
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

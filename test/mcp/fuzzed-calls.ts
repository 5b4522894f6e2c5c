import fc from 'fast-check';
import type { InputSchema } from '../../src/mcp/input-schema.ts';
import type { Tool } from '../../src/mcp/tool.ts';
import { callTool } from '../../src/mcp/serve-tools.ts';
import { searchFor } from '../../src/runner/redaction/hidden-secret.ts';
import { secretTexts } from '../../src/runner/redaction/needles/secret-texts.ts';
import { startRedaction } from '../../src/runner/redaction/redaction.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);

/** Words that make a call meaningful, by the name of the member. */
type LikelyWords = Readonly<Record<string, readonly unknown[]>>;

interface FuzzOrder {
  readonly calls: number;
  /** What no answer may hold. */
  readonly values: readonly string[];
  readonly likely: LikelyWords;
  /** Whole inputs of each tool that it answers: they are called first, and others are made of them. */
  readonly answerable: Readonly<Record<string, readonly object[]>>;
}

/** What so many fuzzed calls came to. */
interface Fuzzed {
  readonly seed: number;
  readonly calls: number;
  /** Calls that a tool answered without a failure, by tool. */
  readonly answered: ReadonlyMap<string, number>;
  /** Failures that no error of Keyturn names. */
  readonly unexpected: readonly string[];
  /** Whether a value was found in what came out, in any form that the output of a job is searched for. */
  readonly heldValue: boolean;
  /** Every answer, in order. */
  readonly text: string;
}

/** Calls every tool equally often: with inputs of its schema, near it, and beyond it. */
export async function fuzzTools(
  tools: readonly Tool[],
  { calls, values, likely, answerable }: FuzzOrder,
): Promise<Fuzzed> {
  const answered = new Map(tools.map(({ name }) => [name, 0]));
  const unexpected: string[] = [];
  const texts: string[] = [];
  const each = Math.ceil(calls / tools.length);
  for (const [index, tool] of tools.entries()) {
    const first = answerable[tool.name] ?? [];
    const made = inputOf(tool.inputSchema, likely, first);
    const inputs = [...first, ...fc.sample(made, { numRuns: each - first.length, seed: seed + index })];
    for (const given of inputs) {
      const reply = await callTool(tools, { name: tool.name, arguments: given }, new AbortController().signal);
      const text = JSON.stringify(reply);
      texts.push(text);
      if ('result' in reply && (reply.result as { readonly isError: boolean }).isError === false)
        answered.set(tool.name, (answered.get(tool.name) ?? 0) + 1);
      if (text.includes('unexpected error')) unexpected.push(`${tool.name} ${JSON.stringify(given)}: ${text}`);
    }
  }
  const text = texts.join('\n');
  return { seed, calls: texts.length, answered, unexpected, heldValue: await holdsValue(text, values), text };
}

/** Whether a text holds one of these values, in any form that is searched for in the output of a job. */
export async function holdsValue(text: string, values: readonly string[]): Promise<boolean> {
  const hidden = await Promise.all(values.map(async (value) => await secretTexts(value)));
  let count = 0;
  const redaction = startRedaction(searchFor(hidden), () => (count += 1));
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += 16_384) redaction.push(bytes.subarray(from, from + 16_384));
  redaction.end();
  return count > 0;
}

function inputOf(schema: InputSchema, likely: LikelyWords, first: readonly object[]): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(schema.properties).map(([name, member]) => {
      const words = likely[name] ?? [];
      const known = words.length > 0 ? [{ weight: 6, arbitrary: fc.constantFrom(...words) }] : [];
      return [name, fc.oneof(...known, { weight: 1, arbitrary: ofMember(member) }, { weight: 1, arbitrary: anything })];
    }),
  );
  const near = fc.record(members, { requiredKeys: [...schema.required] });
  const beyond = fc
    .tuple(near, fc.dictionary(fc.string(), anything, { maxKeys: 2 }))
    .map((both) => Object.assign({}, ...both));
  const changed = fc
    .tuple(fc.constantFrom(...first), fc.record(members, { requiredKeys: [] }), fc.nat())
    .map(([whole, other, which]) => {
      const [one] = Object.entries(other).slice(which % (Object.keys(other).length + 1));
      return one === undefined ? whole : { ...whole, [one[0]]: one[1] };
    });
  return fc.oneof(
    { weight: 2, arbitrary: near },
    { weight: 2, arbitrary: changed },
    { weight: 3, arbitrary: beyond },
    { weight: 3, arbitrary: anything },
  );
}

const anything = fc.anything({ maxDepth: 2, withNullPrototype: true });

function ofMember(member: InputSchema['properties'][string]): fc.Arbitrary<unknown> {
  switch (member.type) {
    case 'string':
      if (member.enum !== undefined) return fc.constantFrom(...member.enum);
      return member.pattern === undefined
        ? fc.string({ maxLength: Math.min(member.maxLength + 1, 400), unit: 'binary' })
        : fc.stringMatching(new RegExp(member.pattern));
    case 'integer':
      return fc.integer({ min: member.minimum, max: member.maximum });
    case 'boolean':
      return fc.boolean();
    case 'object':
      return fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 40 }), {
        maxKeys: 5,
      });
    default:
      return member satisfies never;
  }
}

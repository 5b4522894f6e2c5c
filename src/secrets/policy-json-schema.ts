import { z } from 'zod';
import { policySchema } from './policy-schema.ts';

/**
 * The JSON Schema of `keyturn.policy.yml`, for editors: keys, kinds, patterns and defaults. `issuers`: the names that an
 * editor offers. What lies between parts, and the shape of each issuer's target, `keyturn policy check` says.
 */
export function policyJsonSchema(issuers: readonly string[]): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = z.toJSONSchema(policySchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema, path }) => {
      if (path.at(-1) === 'issuer') jsonSchema.enum = [...issuers];
    },
  });
  return { $schema, title: 'Keyturn policy', description: 'keyturn.policy.yml', ...schema };
}

import { readFileSync } from 'node:fs';
import { publishedContract } from '../../published-contracts.ts';

type Json = Readonly<Record<string, unknown>>;

/** Gitea's API description, asked for what is wrong with an answer. */
export interface PublishedContract {
  /** Every way in which a body differs from what the description says of this method, path and status. */
  faults(method: string, apiPath: string, status: number, body: unknown): readonly string[];
}

// `username` is what User.MarshalJSON adds for old clients, outside the description.
const undescribed = new Set(['User.username']);

// Pointers without `omitempty`: Go writes null where the description names no null. Source: modules/structs/issue.go.
const nulls = new Set(
  ['milestone', 'assignee', 'closed_at', 'due_date', 'pull_request'].map((name) => `Issue.${name}`),
);

export function readContract(): PublishedContract {
  const swagger = JSON.parse(readFileSync(publishedContract('04-gitea/gitea-swagger-v1-full.json'), 'utf8')) as {
    readonly paths: Record<string, Record<string, { responses: Record<string, Json> }>>;
    readonly definitions: Record<string, Json>;
    readonly responses: Record<string, Json>;
  };
  const nameOf = (reference: unknown) => String(reference).split('/').at(-1) ?? '';

  function check(value: unknown, schema: Json, place: string, definition: string): readonly string[] {
    if (schema['$ref'] !== undefined) {
      const name = nameOf(schema['$ref']);
      const known = swagger.definitions[name];
      return known === undefined ? [`${place}: no definition ${name}`] : check(value, known, place, name);
    }
    switch (schema['type']) {
      case 'array': {
        // Go writes a list that was never made as null.
        if (value === null) return [];
        if (!Array.isArray(value)) return [`${place}: not a list`];
        return value.flatMap((entry, at) =>
          check(entry, schema['items'] as Json, `${place}[${String(at)}]`, definition),
        );
      }
      case 'integer':
        return Number.isInteger(value) ? [] : [`${place}: not an integer`];
      case 'boolean':
        return typeof value === 'boolean' ? [] : [`${place}: not a boolean`];
      case 'string':
        return typeof value === 'string' && fits(value, schema) ? [] : [`${place}: not a string of its format`];
      default:
        return checkObject(value, schema, place, definition);
    }
  }

  function checkObject(value: unknown, schema: Json, place: string, definition: string): readonly string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${place}: not an object`];
    const properties = (schema['properties'] ?? {}) as Record<string, Json>;
    if (schema['additionalProperties'] !== undefined) return [];
    const missing = ((schema['required'] ?? []) as string[]).filter((name) => !(name in value));
    const wrong = Object.entries(value).flatMap(([name, member]) => {
      const known = properties[name];
      if (member === null && nulls.has(`${definition}.${name}`)) return [];
      if (known !== undefined) return check(member, known, `${place}.${name}`, definition);
      return undescribed.has(`${definition}.${name}`) ? [] : [`${place}.${name}: ${definition} has no such property`];
    });
    return [...missing.map((name) => `${place}.${name}: missing`), ...wrong];
  }

  return {
    faults(method, apiPath, status, body) {
      const template = Object.keys(swagger.paths)
        .filter((candidate) => matches(candidate, apiPath))
        .toSorted(byParameters)[0];
      const response = swagger.paths[template ?? '']?.[method.toLowerCase()]?.responses[String(status)];
      if (response === undefined) return [`${method} ${apiPath}: ${String(status)} is not described`];
      const named = response['$ref'] === undefined ? response : swagger.responses[nameOf(response['$ref'])];
      const schema = named?.['schema'] as Json | undefined;
      if (schema === undefined) return body === null ? [] : [`${method} ${apiPath}: no body is described`];
      return check(body, schema, `${method} ${apiPath}`, 'answer');
    },
  };
}

/** Literal segments before parameters: `/repos/search` is not a repository's owner. */
function byParameters(a: string, b: string): number {
  return (a.match(/\{/g)?.length ?? 0) - (b.match(/\{/g)?.length ?? 0);
}

function matches(template: string, apiPath: string): boolean {
  const [parts, given] = [template.split('/'), apiPath.split('/')];
  return parts.length === given.length && parts.every((part, at) => part.startsWith('{') || part === given[at]);
}

function fits(value: string, schema: Json): boolean {
  if (schema['format'] === 'date-time') return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(value);
  const allowed = schema['enum'] as readonly string[] | undefined;
  return allowed === undefined || allowed.includes(value);
}

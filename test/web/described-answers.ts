import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openApiDocument } from '../../src/web/interface/openapi-document.ts';

interface Operation {
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly operationId: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

export const openApi = openApiDocument() as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
};

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
// The place of schemas in the document, so that references lead there.
ajv.addKeyword('components');
ajv.addSchema({ $id: 'openapi', components: openApi.components });

/** A validator of one schema of the document, with its references into the document. */
export function validatorOf(schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/');
  return ajv.compile(JSON.parse(text) as object);
}

/** The description of a request's route: the path with the fewest parameters that fits; `null` if there is none. */
function operationOf(
  method: string,
  pathname: string,
): { readonly path: string; readonly operation: Operation } | null {
  const found = Object.entries(openApi.paths)
    .filter(([path, operations]) => operations[method.toLowerCase()] !== undefined && patternOf(path).test(pathname))
    .sort(([one], [other]) => one.split('{').length - other.split('{').length)[0];
  const operation = found?.[1][method.toLowerCase()];
  return found === undefined || operation === undefined ? null : { path: found[0], operation };
}

function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => (part === '{file}' ? '.+' : part.startsWith('{') ? '[^/]+' : part));
  return new RegExp(`^${parts.join('/').replaceAll('.json', String.raw`\.json`)}$`);
}

/** What an answer of a described route is that its description does not say; `null` if the description holds. */
export async function undescribed(method: string, path: string, answer: Response): Promise<string | null> {
  const { pathname } = new URL(path, 'http://localhost');
  const found = operationOf(method === 'HEAD' ? 'GET' : method, pathname);
  if (found === null) return null;
  const name = `${method} ${found.path} ${String(answer.status)}`;
  const described = found.operation.responses[String(answer.status)];
  if (described === undefined) return `${name} is not described`;
  const type = answer.headers.get('content-type')?.split(';')[0] ?? null;
  // A page of the portal, for people.
  if (type === null || type === 'text/html') return null;
  const content = described.content?.[type] ?? described.content?.['*/*'];
  if (content === undefined) return `${name} is not described as ${type}`;
  if (type !== 'application/json' || content.schema === undefined) return null;
  const validate = validatorOf(content.schema);
  const body: unknown = await answer.clone().json();
  return validate(body) ? null : `${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`;
}

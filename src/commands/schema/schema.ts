import { ServiceError } from '../../service-error.ts';
import { openApiDocument } from '../../web/interface/openapi-document.ts';
import type { Run } from '../command.ts';
import { outputSchema, outputTable } from './output-table.ts';
import type { schemaRow } from './schema-row.ts';

/** Prints what programs may rely on. */
export const schema: Run<typeof schemaRow> = ({ positionals }, { print }) => {
  const [name = ''] = positionals;
  const found = name === 'http' ? openApiDocument() : outputSchema(name);
  if (found === null)
    throw new ServiceError('USAGE_WRONG', {
      command: 'schema',
      reason: `COMMAND takes http or one of ${Object.keys(outputTable).join(', ')}`,
    });
  for (const line of JSON.stringify(found, null, 2).split('\n')) print(line);
  return Promise.resolve(0);
};

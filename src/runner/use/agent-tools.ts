import { Readable } from 'node:stream';
import { forbiddenInHead, type UseHead } from '../../provenance/use-exchange.ts';
import type { InputSchema, ToolInput } from '../../mcp/input-schema.ts';
import type { Tool } from '../../mcp/tool.ts';
import { ServiceError } from '../../service-error.ts';
import type { BrokerCall } from '../broker/ask-broker.ts';
import { type BrokerPorts, callOf, openSession } from '../broker/broker-reads.ts';
import { vaultAddress } from '../configuration/vault-address.ts';
import { askOnce, useThroughBroker } from './broker-uses.ts';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const mostBodyCharacters = 1024 * 1024;
/** Of an answer: an agent reads no more. */
const mostAnswerBytes = 65_536;

/**
 * The tools of `keyturn-fetch mcp`: to ask for the use of a secret, and to have a request made with it. The agent gets a
 * placeholder and redacted answers; the broker alone has the value.
 */
export function agentTools(ports: BrokerPorts): readonly Tool[] {
  let opened: Promise<string> | null = null;
  const session = async (): Promise<string> => {
    opened ??= openSession(ports);
    try {
      return await opened;
    } catch (error) {
      // The next call tries again: Gitea or the broker may be back.
      opened = null;
      throw error;
    }
  };
  return [
    {
      name: 'request_access',
      description:
        'Asks to use a secret in this job. Returns a placeholder, which stands for the value in make_request, and the hosts that it can be used at. If a person must approve, the request is put before them and status is waits-for-approval: call again later.',
      inputSchema: accessSchema,
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
      run: async (input) => await requestAccess(ports, session, input.text('secret') ?? ''),
    },
    {
      name: 'make_request',
      description:
        'Has the broker make one https request in the place of this job. Write the placeholder of request_access where the value belongs, as the policy says; the broker puts the value in and redacts the answer. Redirects are not followed.',
      inputSchema: requestSchema,
      annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
      run: async (input, signal) => await makeRequest(callOf(ports), await session(), { input, signal }),
    },
  ];
}

async function requestAccess(ports: BrokerPorts, session: () => Promise<string>, secret: string): Promise<object> {
  const said: string[] = [];
  const runtime = { ...ports.runtime, say: (line: string) => void said.push(line) };
  const [name = '', vault = null] = secret.split('/').reverse();
  const address = vaultAddress(ports.configuration, vault);
  const wanted = { secrets: [`${address.name}/${name}`.toLowerCase()], jail: 'cooperative' } as const;
  try {
    const [given] = await askOnce(callOf({ ...ports, runtime }), await session(), wanted);
    return { status: 'usable', ...given };
  } catch (error) {
    if (ServiceError.is(error, 'ACCESS_NOT_APPROVED'))
      return { status: 'waits-for-approval', request: error.details.request, because: said };
    if (ServiceError.is(error, 'BROKER_READ_REFUSED'))
      return { status: 'refused', because: said.length > 0 ? said : error.details.because };
    throw error;
  }
}

async function makeRequest(
  call: BrokerCall,
  session: string,
  { input, signal }: { readonly input: ToolInput; readonly signal: AbortSignal },
): Promise<object> {
  const body = Buffer.from(input.text('body') ?? '');
  const head = headOf(input, body.length);
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  try {
    const outcome = await useThroughBroker(call, session)(head, Readable.from(body.length > 0 ? [body] : []), either);
    if (outcome.kind === 'refused') return { outcome: 'refused', because: [outcome.sentence] };
    const { status, headers } = outcome.head;
    const { bytes, isWhole } = await beginningOf(outcome.body);
    return { outcome: 'answered', status, headers, body: bytes.toString('utf8'), isWhole };
  } catch (error) {
    if (ServiceError.is(error)) throw error;
    return {
      outcome: 'unknown',
      because: ['The answer of the broker did not arrive whole. The request may have been made.'],
    };
  } finally {
    ended.abort();
  }
}

/** The request as data. The broker checks it again. @throws ServiceError `REQUEST_MALFORMED` */
function headOf(input: ToolInput, length: number): UseHead {
  const url = URL.parse(input.text('url') ?? '');
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.hash !== '')
    throw malformed('url', 'it must be an https address without user, password and fragment');
  const headers = input.pairs('headers');
  for (const [name, value] of headers) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(name) || forbiddenInHead.has(name.toLowerCase()))
      throw malformed('headers', 'a name is no name of a header, or is one of a connection');
    if (/[^\t\u0020-\u007e]/.test(value)) throw malformed('headers', 'a value has a character other than ASCII');
  }
  return { method: input.text('method') ?? 'GET', url: url.href, headers, length };
}

function malformed(place: string, reason: string): ServiceError {
  return new ServiceError('REQUEST_MALFORMED', { place, reason });
}

async function beginningOf(body: Readable): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length > mostAnswerBytes) break;
  }
  const isWhole = length <= mostAnswerBytes;
  return { bytes: Buffer.concat(parts).subarray(0, mostAnswerBytes), isWhole };
}

const accessSchema: InputSchema = {
  type: 'object',
  properties: {
    secret: {
      type: 'string',
      maxLength: 152,
      pattern: '^([0-9A-Za-z-]{1,24}/)?[0-9A-Za-z-]{1,127}$',
      description: 'Name of the secret, or VAULT/NAME if several vaults are configured.',
    },
  },
  required: ['secret'],
  additionalProperties: false,
};

const requestSchema: InputSchema = {
  type: 'object',
  properties: {
    method: { type: 'string', maxLength: 7, enum: methods, description: 'Default: GET.' },
    url: { type: 'string', maxLength: 4096, pattern: '^https://', description: 'Where to: an https address.' },
    headers: {
      type: 'object',
      maxProperties: 50,
      additionalProperties: { type: 'string', maxLength: 4096 },
      description: 'Headers by name. Host and those of the connection are left out.',
    },
    body: { type: 'string', maxLength: mostBodyCharacters, description: 'The body, as text. Default: none.' },
  },
  required: ['url'],
  additionalProperties: false,
};

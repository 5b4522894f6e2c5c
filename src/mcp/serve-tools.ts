import type { Readable } from 'node:stream';
import { ServiceError } from '../service-error.ts';
import { readInput } from './input-schema.ts';
import { readLines } from './read-lines.ts';
import type { Tool } from './tool.ts';

/** One server of tools, as its client sees it. */
interface ToolServer {
  readonly name: string;
  readonly version: string;
  /** What the agent should know before its first call. */
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly input: Readable;
  /** Takes one message, without its line end. */
  readonly write: (line: string) => void;
  /** Ends the server, and the calls that are under way. */
  readonly signal: AbortSignal;
}

/** Newest first. 2025-03-26 is left out: it alone has batches. Source: modelcontextprotocol.io, "Versioning". */
const protocolVersions = ['2025-11-25', '2025-06-18', '2024-11-05'];
const mostLineBytes = 2 * 1024 * 1024;
const mostCalls = 16;
/** An agent reads no more, and a client may keep every answer. */
export const mostAnswerCharacters = 512 * 1024;

type Message = Readonly<Record<string, unknown>>;
type Reply = { readonly result: object } | { readonly error: { readonly code: number; readonly message: string } };

/**
 * Serves tools over the Model Context Protocol: JSON-RPC 2.0, one message a line (its transport *stdio*). Resolves when the
 * input has ended and every call has been answered. What a tool refuses is an answer with `isError`, for the agent to read.
 */
export async function serveTools(server: ToolServer): Promise<void> {
  const { tools, input, write, signal } = server;
  const calls = new Map<unknown, AbortController>();
  const underWay = new Set<Promise<void>>();
  const end = () => {
    input.destroy();
    for (const call of calls.values()) call.abort();
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    for await (const line of readLines(input, mostLineBytes)) take(line);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', end);
  }
  await Promise.all(underWay);

  function take(line: string | null): void {
    if (line === null) return reply(null, wrong(-32_700, 'The message is too long.'));
    if (line.trim() === '') return;
    const message = parsed(line);
    if (message === null) return reply(null, wrong(-32_700, 'The message is not JSON.'));
    const { id, method, params } = message;
    if (typeof method !== 'string') return isAnswer(message) ? undefined : reply(null, wrong(-32_600, 'No request.'));
    if (method === 'notifications/cancelled') return calls.get(membersOf(params)['requestId'])?.abort();
    // Any other message without an id asks for no answer.
    if (typeof id !== 'string' && typeof id !== 'number') return;
    if (method !== 'tools/call') return reply(id, answerTo(server, method, membersOf(params)));
    if (calls.has(id) || calls.size >= mostCalls)
      return reply(id, wrong(-32_600, 'Too many calls are under way, or one has this id.'));
    const abandoned = new AbortController();
    calls.set(id, abandoned);
    const call = callTool(tools, membersOf(params), abandoned.signal).then((answer) => {
      calls.delete(id);
      underWay.delete(call);
      // The protocol wants no answer to a call that was taken back.
      if (!abandoned.signal.aborted) reply(id, answer);
    });
    underWay.add(call);
  }

  function reply(id: string | number | null, answer: Reply): void {
    write(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  }
}

function answerTo({ name, version, instructions, tools }: ToolServer, method: string, params: Message): Reply {
  switch (method) {
    case 'initialize': {
      const asked = protocolVersions.find((one) => one === params['protocolVersion']);
      const protocolVersion = asked ?? protocolVersions[0];
      const serverInfo = { name, version };
      return { result: { protocolVersion, capabilities: { tools: {} }, serverInfo, instructions } };
    }
    case 'ping':
      return { result: {} };
    case 'tools/list':
      return { result: { tools: tools.map(described) } };
    default:
      return wrong(-32_601, 'This server has no such method.');
  }
}

function described({ name, description, inputSchema, annotations }: Tool): object {
  return { name, description, inputSchema, annotations };
}

/** Never rejects: what fails is told. Exported, so that a test can call tools as a client does. */
export async function callTool(tools: readonly Tool[], params: Message, signal: AbortSignal): Promise<Reply> {
  const tool = tools.find(({ name }) => name === params['name']);
  if (tool === undefined) return wrong(-32_602, 'This server has no such tool.');
  const input = readInput(tool.inputSchema, params['arguments'] ?? {});
  if ('reason' in input) return told(new ServiceError('REQUEST_MALFORMED', { ...input }));
  try {
    const text = JSON.stringify(await tool.run(input, signal));
    if (text.length <= mostAnswerCharacters) return { result: { content: [{ type: 'text', text }], isError: false } };
    return told(new ServiceError('REQUEST_TOO_LARGE', { limitBytes: mostAnswerCharacters }));
  } catch (error) {
    return told(error);
  }
}

/** The sentence of a failure with its details. Text of a foreign error may hold anything, so only its kind is told. */
function told(error: unknown): Reply {
  const text = ServiceError.is(error)
    ? error.message.slice(0, 8_192)
    : `Keyturn failed with an unexpected error (${error instanceof Error ? error.name : 'unknown'}).`;
  return { result: { content: [{ type: 'text', text }], isError: true } };
}

function wrong(code: number, message: string): Reply {
  return { error: { code, message } };
}

/** An answer of the client, to a question that this server never asks. */
function isAnswer(message: Message): boolean {
  return 'result' in message || 'error' in message;
}

function parsed(line: string): Message | null {
  try {
    const read: unknown = JSON.parse(line);
    return typeof read === 'object' && read !== null ? (read as Message) : {};
  } catch {
    // Told to the client as what it is.
    return null;
  }
}

function membersOf(value: unknown): Message {
  return typeof value === 'object' && value !== null ? (value as Message) : {};
}

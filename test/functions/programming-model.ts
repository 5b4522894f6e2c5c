import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';

/** One binding as the host is told of it. */
interface Binding {
  readonly type: string;
  readonly [name: string]: unknown;
}

interface Registered {
  readonly metadata: { readonly name: string; readonly bindings: Readonly<Record<string, Binding>> };
  readonly callback: (...inputs: unknown[]) => unknown;
}

interface Arguments {
  readonly context: unknown;
  readonly inputs: unknown[];
}

interface InvocationModel {
  getArguments(): Promise<Arguments>;
  invokeFunction(context: unknown, inputs: unknown[], callback: Registered['callback']): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ readonly returnValue?: unknown }>;
}

interface Model {
  getInvocationModel(core: object): InvocationModel;
  getCapabilities(capabilities: object): Promise<{ readonly HttpUri?: string }>;
}

/** What the Functions host does with an app, without the host: the real programming model registers and invokes. */
export interface FunctionsHost {
  readonly functions: ReadonlyMap<string, Registered['metadata']>;
  /** Invokes a function as its trigger would. Rejects when the function fails. */
  invoke(name: string, input: unknown): Promise<unknown>;
  /** Sends a request through the host's proxy to the HTTP function. */
  request(name: string, path: string, init?: RequestInit): Promise<Response>;
  /** Lines that functions logged. */
  readonly logs: readonly string[];
}

/**
 * Loads the built functions. The module that the worker provides is put in place of `@azure/functions-core`; everything
 * else is `@azure/functions` itself.
 */
export async function loadFunctions(files: readonly string[]): Promise<FunctionsHost> {
  const registered = new Map<string, Registered>();
  const logs: string[] = [];
  let model: Model | null = null;
  const core = {
    version: '1.0.0',
    setProgrammingModel: (given: Model) => {
      model = given;
    },
    registerFunction: (metadata: Registered['metadata'], callback: Registered['callback']) => {
      registered.set(metadata.name, { metadata, callback });
      return { dispose: () => undefined };
    },
    registerHook: () => ({ dispose: () => undefined }),
    log: (_level: string, _category: string, line: string) => logs.push(line),
  };
  provideModule('@azure/functions-core', core);
  for (const file of files) await import(file);
  const programmingModel = model as Model | null;
  if (programmingModel === null) throw new Error('No function was registered.');
  const { HttpUri: proxy } = await programmingModel.getCapabilities({});

  async function run(name: string, data: object, invocationId: string, triggerMetadata: object = {}) {
    const found = registered.get(name);
    if (found === undefined) throw new Error(`There is no function ${name}.`);
    const { metadata, callback } = found;
    const trigger = Object.keys(metadata.bindings)[0] ?? '';
    const invocation = programmingModel?.getInvocationModel({
      invocationId,
      metadata,
      request: { invocationId, triggerMetadata, inputData: [{ name: trigger, data }] },
      log: (_level: string, _category: string, line: string) => logs.push(line),
      state: undefined,
    });
    if (invocation === undefined) throw new Error('No programming model.');
    const { context, inputs } = await invocation.getArguments();
    const result = await invocation.invokeFunction(context, inputs, callback);
    await invocation.getResponse(context, result);
    return result;
  }

  return {
    functions: new Map([...registered].map(([name, { metadata }]) => [name, metadata])),
    logs,
    invoke: async (name, input) => await run(name, { json: JSON.stringify(input) }, randomUUID()),
    async request(name, path, init = {}) {
      const invocationId = randomUUID();
      const headers = new Headers(init.headers);
      headers.set('x-ms-invocation-id', invocationId);
      const answer = fetch(new URL(path, proxy), { ...init, headers });
      // The function sees the headers that the host tells by RPC, not those of the proxied request.
      const told = Object.fromEntries([...headers].filter(([header]) => !header.startsWith('x-ms-invocation')));
      const metadata = { Headers: { json: JSON.stringify({ Host: headers.get('x-forwarded-host'), ...told }) } };
      await run(name, { http: {} }, invocationId, metadata);
      return await answer;
    },
  };
}

/** Makes `require(name)` give `provided`, as the worker's own loader does. */
function provideModule(name: string, provided: object): void {
  const loader = createRequire(import.meta.url)('node:module') as {
    prototype: { require: (this: unknown, id: string) => unknown };
  };
  const original = loader.prototype.require;
  loader.prototype.require = function require(this: unknown, id: string) {
    return id === name ? provided : original.call(this, id);
  };
}

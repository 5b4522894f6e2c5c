import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import { hostRequest } from '../src/compose.ts';

// Downloads are streamed: the host limits the size of a response that is held in memory.
app.setup({ enableHttpStream: true });

/** Portal, downloads and hooks. `authLevel` is anonymous because `src/web/who.ts` decides every route. */
app.http('web', {
  route: '{*path}',
  methods: ['GET', 'POST', 'OPTIONS', 'HEAD'],
  authLevel: 'anonymous',
  handler: async (request, context) =>
    toHttpResponse(await hostRequest(context, toRequest(request), { loopback: false })),
});

function toRequest({ url, method, headers, body }: HttpRequest): Request {
  const hasBody = body !== null && method !== 'GET' && method !== 'HEAD';
  const fields = [...headers.entries()] as [string, string][];
  return new Request(url, {
    method,
    headers: fields,
    ...(hasBody && { body: body as ReadableStream, duplex: 'half' }),
  });
}

function toHttpResponse({ status, headers, body }: Response): HttpResponseInit {
  return { status, headers: [...headers.entries()], ...(body !== null && { body }) };
}

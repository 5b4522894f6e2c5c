import { spawn } from 'node:child_process';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

/** Checks the credential of a request; called with each that is right, while the program waits for its answer. */
export type Credential = (request: IncomingMessage) => boolean;

/** Git's own server over smart HTTP (git-http-backend), for the repositories in a folder. */
export function gitServer(root: string, isRight: Credential): RequestListener {
  return (request, response) => {
    if (!isRight(request)) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    const { pathname, search } = new URL(request.url ?? '/', 'http://git');
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'] ?? '',
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method ?? 'GET',
        CONTENT_TYPE: request.headers['content-type'] ?? '',
        CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        REMOTE_USER: 'job',
      },
    });
    request.pipe(backend.stdin);
    backend.stdin.on('error', () => undefined);
    answerAsScript(backend.stdout, response);
  };
}

/** The answer of a CGI program: its headers, an empty line, its body. Source: RFC 3875. */
function answerAsScript(output: NodeJS.ReadableStream, response: ServerResponse): void {
  const parts: Buffer[] = [];
  output.on('data', (part: Buffer) => void parts.push(part));
  output.on('end', () => {
    const all = Buffer.concat(parts);
    const end = all.indexOf('\r\n\r\n');
    const headers = all
      .subarray(0, end)
      .toString('latin1')
      .split('\r\n')
      .map((line) => line.split(': '));
    const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
    const kept = headers.filter(([name]) => name !== 'Status').map(([name = '', value = '']) => [name, value] as const);
    response.writeHead(status, Object.fromEntries(kept)).end(all.subarray(end + 4));
  });
}

/** A registry of npm that knows who asks. */
export function npmRegistry(isRight: Credential): RequestListener {
  return (request, response) => {
    response.setHeader('content-type', 'application/json');
    if (!isRight(request)) return void response.writeHead(401).end('{}');
    if (request.url === '/-/whoami') return void response.end(JSON.stringify({ username: 'agent' }));
    response.writeHead(404).end('{}');
  };
}

/** An index of pip with one package. Source: PEP 503. */
export function pipIndex(wheel: Buffer, isRight: Credential): RequestListener {
  return (request, response) => {
    if (!isRight(request)) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="index"' }).end();
    const name = 'keyturn_sample-1.0-py3-none-any.whl';
    if (request.url === '/simple/keyturn-sample/')
      return void response.setHeader('content-type', 'text/html').end(`<a href="/files/${name}">${name}</a>`);
    if (request.url === `/files/${name}`) return void response.end(wheel);
    response.writeHead(404).end();
  };
}

/** Terraform's http backend: one state, with a lock. Source: developer.hashicorp.com/terraform/language/backend/http. */
export function terraformState(isRight: Credential): RequestListener {
  let state: Buffer | null = null;
  return (request, response) => {
    if (!isRight(request)) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="state"' }).end();
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      if (request.method === 'POST') state = Buffer.concat(parts);
      if (request.method === 'GET' && state === null) response.writeHead(404).end();
      else response.end(request.method === 'GET' ? state : '');
    });
  };
}

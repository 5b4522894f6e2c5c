import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Session, SignIn } from '../databases/database-engine.ts';
import { tlsOptions } from '../databases/server-tls.ts';
import { unreachable } from '../shared/provider-fault.ts';

/**
 * Signs in to a broker by AMQP 0-9-1 as an application does: user and password by SASL PLAIN, then the virtual host. Then
 * it closes the connection. Source: AMQP 0-9-1 specification, sections 2.2.4, 4.2 and the class `connection`.
 */
export async function signInByAmqp(issuer: string, session: Session): Promise<SignIn> {
  const { login, tls, signal } = session;
  const details = { issuer, provider: login.host };
  if (signal.aborted) throw unreachable(details, signal.reason);
  const socket = open(session);
  const end = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const abort = () => socket.destroy(new DOMException('There was no time left.', 'TimeoutError'));
  end.addEventListener('abort', abort, { once: true });
  try {
    await ready(socket, tls === 'off' ? 'connect' : 'secureConnect');
    return await converse(socket, login);
  } catch (error) {
    throw unreachable(details, error);
  } finally {
    end.removeEventListener('abort', abort);
    socket.destroy();
  }
}

const timeoutMs = 10_000;
// More than any frame of a handshake: 4,096 bytes is the least that both sides must accept, and 131,072 RabbitMQ's own.
const mostBytes = 131_072;
const methodFrame = 1;
const frameEnd = 0xce;
/** Methods of the class `connection` (10). */
const method = { start: 10, startOk: 11, tune: 30, tuneOk: 31, open: 40, openOk: 41, close: 50 } as const;

function open({ login: { host, port }, tls }: Session): Socket {
  if (tls === 'off') return connectPlain(port, host);
  return connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tlsOptions(tls) });
}

async function converse(socket: Socket, { user, password, database }: Session['login']): Promise<SignIn> {
  const next = frames(socket);
  socket.write(Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]));
  await expectMethod(next, method.start);
  socket.write(
    frame(method.startOk, [
      // With this capability a broker says why it refuses, instead of closing the connection.
      table(
        Buffer.concat([shortText('capabilities'), Buffer.from('F'), table(capability('authentication_failure_close'))]),
      ),
      shortText('PLAIN'),
      longText(Buffer.from(`\0${user}\0${password.reveal()}`)),
      shortText('en_US'),
    ]),
  );
  const tune = await next();
  if (tune.method === method.close) return { outcome: 'refused', authenticated: false, reason: replyOf(tune.payload) };
  requireMethod(tune, method.tune);
  // The broker's own limits, but no heartbeat: the connection lives for a moment.
  const limits = Buffer.concat([tune.payload.subarray(0, 6), Buffer.alloc(2)]);
  socket.write(frame(method.tuneOk, [limits]));
  socket.write(frame(method.open, [shortText(database), shortText(''), Buffer.alloc(1)]));
  const opened = await next();
  if (opened.method === method.close)
    return { outcome: 'refused', authenticated: true, reason: replyOf(opened.payload) };
  requireMethod(opened, method.openOk);
  socket.write(frame(method.close, [Buffer.from([0, 200]), shortText(''), Buffer.alloc(4)]));
  return { outcome: 'in', user, notes: [] };
}

interface Method {
  readonly method: number;
  readonly payload: Buffer;
}

async function expectMethod(next: () => Promise<Method>, wanted: number): Promise<void> {
  requireMethod(await next(), wanted);
}

function requireMethod({ method: found }: Method, wanted: number): void {
  if (found !== wanted) throw new TypeError('The server does not speak AMQP 0-9-1.');
}

/** `AMQP_403`: the number of a close, none of its text. */
function replyOf(payload: Buffer): string {
  return `AMQP_${String(payload.readUInt16BE(0))}`;
}

/** Returns a function that waits for the next method of the connection; other frames, such as heartbeats, are skipped. */
function frames(socket: Socket): () => Promise<Method> {
  let read = Buffer.alloc(0);
  const arrivals = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  return async () => {
    for (;;) {
      const found = takeFrame();
      if (found !== null && found.type === methodFrame && found.body.readUInt16BE(0) === 10)
        return { method: found.body.readUInt16BE(2), payload: found.body.subarray(4) };
      if (found !== null) continue;
      const arrival = await arrivals.next();
      if (arrival.done === true) throw new TypeError('The server closed the connection.');
      read = Buffer.concat([read, arrival.value]);
      if (read.length > mostBytes) throw new RangeError('The answer is too long.');
    }
  };

  function takeFrame(): { readonly type: number; readonly body: Buffer } | null {
    if (read.length < 7) return null;
    // A broker that refuses the protocol answers with its own header.
    if (read.subarray(0, 4).toString('latin1') === 'AMQP') throw new TypeError('The server speaks another AMQP.');
    const size = read.readUInt32BE(3);
    if (read.length < size + 8) return null;
    if (read[size + 7] !== frameEnd || size < 4) throw new TypeError('The server does not speak AMQP 0-9-1.');
    const found = { type: read.readUInt8(0), body: read.subarray(7, size + 7) };
    read = read.subarray(size + 8);
    return found;
  }
}

function frame(id: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from([0, 10, 0, id]), ...parts]);
  const head = Buffer.alloc(7);
  head.writeUInt8(methodFrame, 0);
  head.writeUInt32BE(body.length, 3);
  return Buffer.concat([head, body, Buffer.from([frameEnd])]);
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function longText(bytes: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

function table(entries: Buffer): Buffer {
  return longText(entries);
}

function capability(name: string): Buffer {
  return Buffer.concat([shortText(name), Buffer.from('t'), Buffer.from([1])]);
}

async function ready(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
  });
  // An error after this rejects the iteration; a listener keeps it from ending the process.
  socket.on('error', () => undefined);
}

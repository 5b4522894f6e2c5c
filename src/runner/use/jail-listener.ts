import { jailPort } from './jail-port.ts';

/**
 * The program that listens in the jail, as text: the helper's own file need not be shown in the jail. It opens the socket,
 * hands it to the helper and ends, so that no process of the helper is left inside; the helper accepts the connections
 * outside of it.
 */
export const listenerProgram = `
const server = require('node:net').createServer();
server.listen({ port: ${String(jailPort)}, host: '127.0.0.1', backlog: 511 }, () => process.send('listening', server));
process.once('message', () => process.exit(0));
process.once('disconnect', () => process.exit(1));
`;

/** The single executable has no option for a program: it runs the listener when this is its only word. */
export const listenerWord = '--listen-in-jail';

/** The words that run the listener. */
export function listenerWords(): readonly string[] {
  const isSingle = 'getBuiltinModule' in process && process.getBuiltinModule('node:sea').isSea();
  return isSingle ? [process.execPath, listenerWord] : [process.execPath, '-e', listenerProgram];
}

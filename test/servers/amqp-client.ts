import { connect, type Socket } from 'node:net';

/**
 * A connection to RabbitMQ that stays open, as an application's does, written byte by byte: not with the product's own
 * code.
 */
export async function openAmqpConnection(port: number, user: string, password: string, vhost: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const arrival = () => new Promise((resolve) => socket.once('data', resolve));
  const long = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const short = (text: string) => Buffer.from([text.length, ...Buffer.from(text)]);
  const send = async (method: number, parts: Buffer[], waits: boolean) => {
    const body = Buffer.concat([Buffer.from([0, 10, 0, method]), ...parts]);
    const answer = waits ? arrival() : null;
    socket.write(Buffer.concat([Buffer.from([1, 0, 0]), long(body), Buffer.from([0xce])]));
    await answer;
  };
  const greeting = arrival();
  socket.write(Buffer.from('AMQP\0\0\u0009\u0001', 'latin1'));
  await greeting;
  await send(11, [Buffer.alloc(4), short('PLAIN'), long(Buffer.from(`\0${user}\0${password}`)), short('en_US')], true);
  await send(31, [Buffer.from([0, 10, 0, 2, 0, 0, 0, 0])], false);
  await send(40, [short(vhost), short(''), Buffer.alloc(1)], true);
  return socket;
}

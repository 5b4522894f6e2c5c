import { isIPv6 } from 'node:net';
import type { Connection } from './caller.ts';

/**
 * The address for which attempts are counted; it decides nothing else. The socket's own, or, if a proxy of this machine or the
 * platform's front end passed the request on, the last entry of `X-Forwarded-For`, which that proxy wrote.
 */
export function clientAddress(request: Request, { loopback, address }: Connection): string {
  if (!loopback && address !== undefined) return networkOf(address);
  const forwarded = request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '';
  return forwarded === '' ? 'this machine' : networkOf(forwarded.slice(0, 60));
}

/** IPv4 as it is; of IPv6 the first 64 bits, because one customer has as many addresses as the rest names. */
function networkOf(text: string): string {
  const plain = text.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  const [head = '', tail] = plain.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const [first, last] = [groups(head), groups(tail ?? '')];
  const whole =
    tail === undefined
      ? first
      : [...first, ...Array.from({ length: 8 - first.length - last.length }, () => '0'), ...last];
  return `${whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::`;
}

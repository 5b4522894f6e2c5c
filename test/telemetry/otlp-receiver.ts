import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
}

interface ReceivedSpan {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** 2: an error. */
  readonly status: number;
}

/** A receiver of OTLP over HTTP on this machine, which keeps what it gets. */
export interface OtlpReceiver {
  readonly url: string;
  /** Every body as it came. */
  readonly bodies: readonly string[];
  spans(): readonly ReceivedSpan[];
  /** The newest value of each figure, by name and labels. */
  figures(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

interface Attribute {
  readonly key: string;
  readonly value: Value;
}
interface Point {
  readonly attributes?: readonly Attribute[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
}
interface Metric {
  readonly name: string;
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly sum?: { readonly dataPoints: readonly Point[] };
}
interface Span {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes?: readonly Attribute[];
  readonly status?: { readonly code?: number };
}
interface Body {
  readonly resourceSpans?: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
  readonly resourceMetrics?: readonly { readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[] }[];
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts).toString('utf8'));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const parsed = () => bodies.map((body) => JSON.parse(body) as Body);
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    bodies,
    spans: () =>
      parsed()
        .flatMap(({ resourceSpans = [] }) => resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans)
        .map(({ name, spanId, parentSpanId = '', attributes, status }) => ({
          name,
          spanId,
          parentSpanId: parentSpanId === '' ? null : parentSpanId,
          attributes: valuesOf(attributes),
          status: status?.code ?? 0,
        })),
    figures: () =>
      new Map(
        parsed()
          .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
          .flatMap(({ scopeMetrics }) => scopeMetrics)
          .flatMap(({ metrics }) => metrics)
          .flatMap(({ name, gauge, sum }) =>
            [...(gauge?.dataPoints ?? []), ...(sum?.dataPoints ?? [])].map((point): [string, number] => [
              nameOf(name, valuesOf(point.attributes)),
              Number(point.asDouble ?? point.asInt),
            ]),
          ),
      ),
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function valuesOf(attributes: readonly Attribute[] = []): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? value.doubleValue)]),
  );
}

/** As a line of `/metrics` begins. */
function nameOf(name: string, labels: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${String(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`}`;
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { NoteSpan, SpanAttributes, Trace } from '../log/trace.ts';
import { ServiceError } from '../service-error.ts';
import { metricTable, type Sample } from './metric-table.ts';
import type { Telemetry } from './telemetry.ts';

interface Receiver {
  /** Without the paths of the signals, as the standard variable has it. */
  readonly endpoint: string;
  readonly service: string;
  readonly version: string;
}

/** The names that attributes have outside; those of HTTP are OpenTelemetry's own. Nothing else is ever sent. */
const attributeNames = {
  work: 'keyturn.work',
  act: 'keyturn.act',
  outcome: 'keyturn.outcome',
  code: 'keyturn.code',
  rows: 'keyturn.rows',
  method: 'http.request.method',
  route: 'http.route',
  status: 'http.response.status_code',
} as const satisfies Record<keyof SpanAttributes, string>;

const exportEveryMs = 60_000;
const exportWithinMs = 10_000;

/** The only file that knows OpenTelemetry's packages. Headers come from `OTEL_EXPORTER_OTLP_HEADERS`, which its exporters read. */
export function otlpTelemetry({ endpoint, service, version }: Receiver): Telemetry {
  const base = endpoint.replace(/\/+$/, '');
  const resource = resourceFromAttributes({ 'service.name': service, 'service.version': version });
  const exporter = new OTLPTraceExporter({ url: `${base}/v1/traces`, timeoutMillis: exportWithinMs });
  const tracing = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter })] });
  const tracer = tracing.getTracer('keyturn', version);
  const active = new AsyncLocalStorage<Context>();
  let metering: MeterProvider | null = null;

  const traced: Trace = async (name, attributes, work) => {
    const parent = active.getStore() ?? ROOT_CONTEXT;
    const span = tracer.startSpan(name, {}, parent);
    const note: NoteSpan = (more) => setAttributes(span, more);
    note(attributes);
    try {
      return await active.run(trace.setSpan(parent, span), async () => await work(note));
    } catch (error) {
      // The text of an error may hold what came from outside.
      note({ code: ServiceError.is(error) ? error.code : 'UNEXPECTED' });
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };

  return {
    trace: traced,
    observe(samples) {
      const metrics = new OTLPMetricExporter({ url: `${base}/v1/metrics`, timeoutMillis: exportWithinMs });
      const reader = new PeriodicExportingMetricReader({
        exporter: metrics,
        exportIntervalMillis: exportEveryMs,
        exportTimeoutMillis: exportWithinMs,
      });
      metering = new MeterProvider({ resource, readers: [reader] });
      observeSamples(metering, version, samples);
    },
    async shutdown() {
      // A receiver that is away must not keep the process.
      await Promise.allSettled([tracing.shutdown(), metering?.shutdown()]);
    },
  };
}

function setAttributes(span: Span, attributes: SpanAttributes): void {
  for (const [key, value] of Object.entries(attributes))
    if (isAttribute(key) && isHarmless(value)) span.setAttribute(attributeNames[key], value);
}

function isAttribute(key: string): key is keyof typeof attributeNames {
  return Object.hasOwn(attributeNames, key);
}

/** Numbers, and short words of our own. */
function isHarmless(value: unknown): value is string | number {
  return typeof value === 'number' || (typeof value === 'string' && /^[\w .:/{}+*-]{1,100}$/.test(value));
}

/** The figures of `/metrics` under the same names, asked for once an interval. */
function observeSamples(metering: MeterProvider, version: string, samples: () => Promise<readonly Sample[]>): void {
  const meter = metering.getMeter('keyturn', version);
  const instruments = new Map(
    Object.entries(metricTable).map(([name, { kind, help }]) => [
      name,
      kind === 'counter'
        ? meter.createObservableCounter(name, { description: help })
        : meter.createObservableGauge(name, { description: help }),
    ]),
  );
  meter.addBatchObservableCallback(
    async (result) => {
      for (const { name, labels = {}, value } of await samples()) {
        const instrument = instruments.get(name);
        if (instrument !== undefined) result.observe(instrument, value, labels);
      }
    },
    [...instruments.values()],
  );
}

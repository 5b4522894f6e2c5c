import { untraced } from '../log/trace.ts';
import type { Telemetry } from './telemetry.ts';

const off: Telemetry = { trace: untraced, observe: () => undefined, shutdown: () => Promise.resolve() };

/**
 * Telemetry by the standard variables: off unless `OTEL_EXPORTER_OTLP_ENDPOINT` names a receiver, and no library of it is loaded
 * then. Source: OpenTelemetry, "OTLP exporter configuration".
 */
export async function openTelemetry(
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): Promise<Telemetry> {
  const endpoint = environment['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim() ?? '';
  if (endpoint === '' || environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return off;
  const { otlpTelemetry } = await import('./otlp-telemetry.ts');
  const service = environment['OTEL_SERVICE_NAME']?.trim() ?? '';
  return otlpTelemetry({ endpoint, service: service === '' ? 'keyturn' : service, version });
}

import { metricTable, type Sample } from './metric-table.ts';

/** The content type of the format. */
export const prometheusType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Samples in Prometheus' text format, each family once with its help and kind, empty families left out.
 * Source: prometheus.io/docs/instrumenting/exposition_formats, "Text-based format".
 */
export function prometheusText(samples: readonly Sample[]): string {
  const families = Map.groupBy(samples, ({ name }) => name);
  return Object.entries(metricTable)
    .flatMap(([name, { kind, help }]) => {
      const own = [...families].find(([family]) => family === name)?.[1] ?? [];
      if (own.length === 0) return [];
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...own.map(lineOf)];
    })
    .map((line) => `${line}\n`)
    .join('');
}

function lineOf({ name, labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${String(value)}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`);
}

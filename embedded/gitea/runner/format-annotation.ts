/**
 * Folds where an annotation points to into its message, as runners do from 3.1.0 on:
 * `::error file=main.go,line=12::broken` becomes `::error::main.go:12: broken`. `value` stays escaped.
 * Source: internal/pkg/report/reporter.go, formatAnnotation.
 */
export function formatAnnotation(level: string, properties: string, value: string): string {
  const given = parseProperties(properties);
  const place = [given['file'], given['line'], given['col'] ?? given['column']];
  const end = place.findIndex((part) => part === undefined || part === '');
  const known = place.slice(0, end < 0 ? place.length : end);
  const title = given['title'] ?? '';
  return `::${level}::${known.length > 0 ? `${known.join(':')}: ` : ''}${title === '' ? '' : `${title}: `}${value}`;
}

function parseProperties(text: string): Readonly<Record<string, string>> {
  const properties: Record<string, string> = {};
  for (const pair of text.trim().split(',')) {
    const equals = pair.indexOf('=');
    if (equals < 0) continue;
    const value = pair
      .slice(equals + 1)
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',');
    properties[pair.slice(0, equals).trim().toLowerCase()] = value;
  }
  return properties;
}

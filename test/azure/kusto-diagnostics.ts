import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { contractsAreHere, publishedContract } from '../published-contracts.ts';

interface Symbols {
  $ctor7: new (name: string, columns: string, description: null) => unknown;
  $ctor1: new (name: string, tables: readonly unknown[]) => unknown;
}

interface Kusto {
  readonly Symbols: { readonly TableSymbol: Symbols; readonly DatabaseSymbol: Symbols };
  readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
  readonly KustoCode: {
    ParseAndAnalyze(
      text: string,
      globals: unknown,
    ): { GetDiagnostics(): { Count: number; getItem(index: number): Diagnostic } };
  };
}

interface Diagnostic {
  readonly Message: string;
  readonly Severity: string;
}

/** Microsoft's own parser's faults in a query, with the tables of contract 06. */
export function kustoDiagnostics(
  query: string,
  tables: Readonly<Record<string, Readonly<Record<string, string>>>>,
): string[] {
  const require = createRequire(import.meta.url);
  require('@kusto/language-service-next/bridge.min.js');
  require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
  const {
    Kusto: { Language },
  } = globalThis as unknown as { Kusto: { Language: Kusto } };
  const symbols = Object.entries(tables).map(([name, columns]) => {
    const list = Object.entries(columns).map(([column, type]) => `${column}:${type}`);
    return new Language.Symbols.TableSymbol.$ctor7(name, `(${list.join(',')})`, null);
  });
  const globals = Language.GlobalState.Default.WithDatabase(
    new Language.Symbols.DatabaseSymbol.$ctor1('workspace', symbols),
  );
  const found = Language.KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => found.getItem(index).Message);
}

/** The tables of contract 06, or `null` if the contracts are absent. */
export function contractTables(): Record<string, Record<string, string>> | null {
  if (!contractsAreHere) return null;
  const text = readFileSync(publishedContract('06-log-tables/table-columns.json'), 'utf8');
  const tables = JSON.parse(text) as Record<string, Record<string, string>>;
  const diagnostics = Object.entries(tables).filter(([name]) => name.startsWith('AzureDiagnostics'));
  return {
    AZKVAuditLogs: tables['AZKVAuditLogs'] ?? {},
    AzureDiagnostics: Object.assign({}, ...diagnostics.map(([, columns]) => columns)) as Record<string, string>,
  };
}

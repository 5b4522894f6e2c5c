import { describe, expect, it } from 'vitest';
import { formatTime, formatSpan, parseSpan, parseTime } from '../../../../embedded/azure/kusto/kusto-time.ts';
import {
  type KustoRefusal,
  type KustoTable,
  KustoSpan,
  KustoTime,
  type KustoValue,
} from '../../../../embedded/azure/kusto/kusto-value.ts';
import { parseOnce } from '../../../../embedded/azure/kusto/parse-once.ts';
import { runQuery } from '../../../../embedded/azure/kusto/run-query.ts';

const columns = [
  { name: 'At', type: 'datetime' },
  { name: 'Name', type: 'string' },
  { name: 'Count', type: 'int' },
  { name: 'Bag', type: 'dynamic' },
] as const;
const other = [
  { name: 'Name', type: 'string' },
  { name: 'Count', type: 'string' },
] as const;
const schema = {
  tables: [
    { name: 'T', columns },
    { name: 'U', columns: other },
  ],
};
const time = (text: string) => parseTime(text) ?? new KustoTime(0n);
const tables = new Map<string, KustoTable>([
  [
    'T',
    {
      columns,
      rows: [
        [time('2026-03-01T00:10:00.1234567Z'), 'Alpha', 1, { claim: { oid: 'X' }, list: [1, 2] }],
        [time('2026-03-01T00:50:00Z'), 'beta', null, null],
        [time('2026-03-01T01:00:00Z'), '', 3, { claim: {} }],
      ],
    },
  ],
  [
    'U',
    {
      columns: other,
      rows: [
        ['Alpha', 'one'],
        ['Alpha', 'uno'],
        ['gamma', 'three'],
      ],
    },
  ],
]);

function run(query: string): KustoTable {
  return runQuery(parseOnce(query, schema), tables, Date.UTC(2026, 2, 2));
}

const shown = (value: KustoValue) =>
  value instanceof KustoTime ? formatTime(value) : value instanceof KustoSpan ? formatSpan(value) : value;
const rowsOf = (query: string) => run(query).rows.map((row) => row.map(shown));
const first = (expression: string) => rowsOf(`T | take 1 | project Value = ${expression}`)[0]?.[0];

describe('expressions', () => {
  it.each<[string, unknown]>([
    ['tolower(Name)', 'alpha'],
    ['tostring(Bag.claim.oid)', 'X'],
    ['tostring(Bag.claim["upn"])', ''],
    ['Bag.list[1]', 2],
    ['Bag.list[-1]', 2],
    ['tostring(Bag)', '{"claim":{"oid":"X"},"list":[1,2]}'],
    ['tostring(At)', '2026-03-01T00:10:00.1234567Z'],
    ['format_datetime(At, "yyyy-MM-dd HH:mm:ss.fffffff")', '2026-03-01 00:10:00.1234567'],
    ['bin(At, 1h)', '2026-03-01T00:00:00.0000000Z'],
    ['At + 50m', '2026-03-01T01:00:00.1234567Z'],
    ['At - datetime(2026-03-01)', '00:10:00.1234567'],
    ['ago(1d)', '2026-03-01T00:00:00.0000000Z'],
    ['At between (datetime(2026-03-01) .. 1d)', true],
    ['toint("12")', 12],
    ['toint("twelve")', null],
    ['toint(real(null))', null],
    ['7 / 2', 3],
    ['7.0 / 2', 3.5],
    ['coalesce("", Name, "z")', 'Alpha'],
    ['coalesce(int(null), Count)', 1],
    ['column_ifexists("Name", "none")', 'Alpha'],
    ['column_ifexists("Missing", "none")', 'none'],
    ['iff(Count == 1, "one", "many")', 'one'],
    ['case(Count == 9, "nine", Count == 1, "one", "none")', 'one'],
    ['isempty("") and isnull(int(null)) and isnotempty(Name)', true],
    ['Name in ("alpha")', false],
    ['Name in~ ("alpha")', true],
    ['Name !in (dynamic(["beta"]))', true],
    ['Name in ((U | project Name))', true],
    ['Name =~ "ALPHA"', true],
    ['"one-two" has "two"', true],
    ['"one-twofold" has "two"', false],
    ['"one-twofold" contains "TWO"', true],
    ['"one-twofold" !contains "three"', true],
    ['"one-twofold" startswith "ONE"', true],
    ['Name matches regex "^A.*a$"', true],
    ['split("a/b/c", "/")[2]', 'c'],
    ['strcat("a", 1, "b")', 'a1b'],
    ['extract("a(.)c", 1, "xabc")', 'b'],
    ['countof("a b a", "a")', 2],
    ['array_length(Bag.list)', 2],
    ['tostring(bag_pack("a", bag_pack("b", Name)))', '{"a":{"b":"Alpha"}}'],
    ['tostring(parse_json("{\\"a\\":[1]}").a)', '[1]'],
    ['@"a\\b"', 'a\\b'],
    ['tostring(dynamic({"a":-1,"b":null,"c":true,"d":[1.5]}))', '{"a":-1,"b":null,"c":true,"d":[1.5]}'],
    ['At < datetime(2026-03-01T00:10:00.1234568Z)', true],
    ['At < datetime(2026-03-01T00:10:00.1234567Z)', false],
    ['strlen("grüße")', 5],
    ['substring(Name, 1, 2)', 'lp'],
    ['set_has_element(Bag.list, 2)', true],
    ['tolong("9") * 2', 18],
    ['todatetime("2026-03-01") == datetime(2026-03-01)', true],
    ['bool(null) or true', true],
    ['Name has_any ("beta", "ALPHA")', true],
    ['not(Count == 2)', true],
    ['-Count', -1],
    ['time(1.02:03:04)', '1.02:03:04'],
  ])('%s', (expression, expected) => {
    expect(first(expression)).toEqual(expected);
  });

  it("follow Kusto's rules for null", () => {
    expect(rowsOf('T | where Count == 1 | project Name')).toEqual([['Alpha']]);
    expect(rowsOf('T | where Count != 1 | project Name')).toEqual([['beta'], ['']]);
    expect(rowsOf('T | where Count < 9 | project Name')).toEqual([['Alpha'], ['']]);
  });
});

describe('operators', () => {
  it('sort descending by default, nulls last, or first if ascending', () => {
    expect(rowsOf('T | order by Count | project Count')).toEqual([[3], [1], [null]]);
    expect(rowsOf('T | order by Count asc | project Count')).toEqual([[null], [1], [3]]);
    expect(rowsOf('T | order by Count asc nulls last | project Count')).toEqual([[1], [3], [null]]);
    expect(rowsOf('T | top 1 by At | project Name')).toEqual([['']]);
  });

  it('name and group columns like the parser', () => {
    const table = run(
      'T | summarize count(), sum(Count), make_set(Name), Least = min(At) by bin(At, 1h), Known = isnotempty(Name)',
    );
    expect(table.columns.map(({ name }) => name)).toEqual(['At', 'Known', 'count_', 'sum_Count', 'set_Name', 'Least']);
    expect(table.rows.map((row) => row.map(shown))).toEqual([
      ['2026-03-01T00:00:00.0000000Z', true, 2, 1, ['Alpha', 'beta'], '2026-03-01T00:10:00.1234567Z'],
      ['2026-03-01T01:00:00.0000000Z', false, 1, 3, [''], '2026-03-01T01:00:00.0000000Z'],
    ]);
    expect(rowsOf('T | where Name == "nobody" | summarize count()')).toEqual([[0]]);
    expect(rowsOf('T | where Name == "nobody" | summarize count() by Name')).toEqual([]);
  });

  it('unite tables, and separate columns of two types', () => {
    const table = run('union withsource=Source T, U | project Source, Name, Count_int, Count_string');
    expect(table.rows[0]).toEqual(['T', 'Alpha', 1, '']);
    expect(table.rows[3]).toEqual(['U', 'Alpha', null, 'one']);
  });

  it('join by each kind', () => {
    const names = (kind: string) => rowsOf(`T | join kind=${kind} (U) on Name | project Name`).flat();
    expect(names('inner')).toEqual(['Alpha', 'Alpha']);
    expect(names('leftouter')).toEqual(['Alpha', 'Alpha', 'beta', '']);
    expect(names('leftanti')).toEqual(['beta', '']);
    expect(names('leftsemi')).toEqual(['Alpha']);
    expect(rowsOf('U | join (T) on $left.Name == $right.Name | project Count').flat()).toEqual(['one']);
  });

  it('extend, rename, drop, keep and deduplicate', () => {
    expect(
      run('T | extend Count = Count + 1, More = Name | project-away Bag, At').columns.map(({ name }) => name),
    ).toEqual(['Name', 'Count', 'More']);
    expect(rowsOf('T | extend Count = Count + 1 | project Count')).toEqual([[2], [null], [4]]);
    expect(rowsOf('U | project-rename Word = Name | distinct Word').flat()).toEqual(['Alpha', 'gamma']);
    expect(rowsOf('let Some = T | where Count > 0; let most = 1; Some | take most | count')).toEqual([[1]]);
  });
});

describe('an unsupported feature', () => {
  it.each([
    ['T | mv-expand Bag', 'mv-expand'],
    ['T | evaluate bag_unpack(Bag)', 'evaluate'],
    ['let f = (x:string) { x }; T | project f(Name)', 'function'],
    ['T | summarize percentile(Count, 50)', 'percentile'],
    ['T | project format_datetime(At, "yyyy-MM-ddTHH")', "'T'"],
    ['T | join kind=fullouter (U) on Name', 'fullouter'],
    ['T | where Count has_any ("1")', 'string or dynamic expected'],
    ['T | project Nam', 'Nam'],
    ['V | take 1', 'V'],
  ])('is refused by name, never guessed: %s', (query, name) => {
    expect(() => run(query)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(name) as unknown }) as KustoRefusal,
    );
  });
});

describe('a query that differs from another only in its times', () => {
  it('uses its own times', () => {
    const between = (from: string, to: string) =>
      rowsOf(`T | where At >= datetime(${from}) and At < datetime(${to}) | project Name`).flat();
    expect(between('2026-03-01T00:00:00Z', '2026-03-01T00:30:00Z')).toEqual(['Alpha']);
    expect(between('2026-03-01T00:30:00Z', '2026-03-01T01:00:00Z')).toEqual(['beta']);
    expect(between('2026-03-01T01:00:00.0000000Z', '2026-03-02')).toEqual(['']);
    const text = (day: string) => first(`"datetime(${day})"`);
    expect([text('2026-03-01'), text('2026-03-02')]).toEqual(['datetime(2026-03-01)', 'datetime(2026-03-02)']);
  });
});

describe('times', () => {
  it('are parsed and formatted to the last digit', () => {
    expect(formatTime(time('2026-03-01T00:00:00.2691229Z'))).toBe('2026-03-01T00:00:00.2691229Z');
    expect(formatTime(time('2026-03-01T02:00:00+02:00'))).toBe('2026-03-01T00:00:00.0000000Z');
    expect(parseTime('yesterday')).toBeNull();
    expect(parseSpan('1.5h')?.ticks).toBe(54_000_000_000n);
    expect(parseSpan('soon')).toBeNull();
  });
});

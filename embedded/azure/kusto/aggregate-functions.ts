import { compareValues, keyOf, type KustoDynamic, type KustoValue } from './kusto-value.ts';
import { toReal } from './convert-value.ts';

/** One entry per row of the group: the values of the call's arguments. */
type Aggregate = (calls: readonly (readonly KustoValue[])[]) => KustoValue;

const firsts = (calls: readonly (readonly KustoValue[])[]) =>
  calls.flatMap(([value = null]) => (value === null ? [] : [value]));

const extreme =
  (sign: 1 | -1): Aggregate =>
  (calls) =>
    firsts(calls).reduce<KustoValue>(
      (best, value) => (best === null || compareValues(value, best) * sign > 0 ? value : best),
      null,
    );

const sum = (values: readonly KustoValue[]) => values.reduce<number>((total, value) => total + (toReal(value) ?? 0), 0);

const where =
  (aggregate: Aggregate): Aggregate =>
  (calls) =>
    aggregate(calls.filter((call) => call.at(-1) === true));

const average: Aggregate = (calls) => {
  const values = firsts(calls);
  return values.length === 0 ? null : sum(values) / values.length;
};

const distinct = (calls: readonly (readonly KustoValue[])[]) => [
  ...new Map(firsts(calls).map((value) => [keyOf([value]), value])).values(),
];

export const aggregateFunctions: Readonly<Record<string, Aggregate | undefined>> = {
  count: (calls) => calls.length,
  countif: (calls) => calls.filter(([condition]) => condition === true).length,
  // Exact here, an estimate in the real service; they agree for the embedded cloud's small numbers.
  dcount: (calls) => distinct(calls).length,
  dcountif: where((calls) => distinct(calls).length),
  sum: (calls) => sum(firsts(calls)),
  sumif: where((calls) => sum(firsts(calls))),
  avg: average,
  avgif: where(average),
  min: extreme(-1),
  minif: where(extreme(-1)),
  max: extreme(1),
  maxif: where(extreme(1)),
  take_any: (calls) => calls[0]?.[0] ?? null,
  make_set: (calls) => distinct(calls) as KustoDynamic,
  make_list: (calls) => firsts(calls) as KustoDynamic,
};

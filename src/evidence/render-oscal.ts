import type { JsonValue } from '../provenance/canonical-json.ts';
import type { ReportModel } from './report-model.ts';
export function renderOscal(model: ReportModel): JsonValue {
  return { reads: model.reads.total };
}

import type { ReportModel } from './report-model.ts';
export async function renderPdf(model: ReportModel, attachments: Record<string, Uint8Array>): Promise<Uint8Array> {
  return Buffer.from(`pdf ${model.label} ${String(Object.keys(attachments).length)}`);
}

import { createEventDecoder } from '../../src/avro/event-decoder.ts';
import { foldInterpreted } from '../../src/fold/interpreted-fold.ts';
import { recordAt } from '../../src/log/log-record.ts';
import { compileProjection } from '../../src/projection/compile.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { Example } from './example-app.ts';

/** Differences between the stable view and the whole log folded the plain way, by row; empty when they agree. */
export async function differences(app: Reprise, example: Example): Promise<string[]> {
  const expected = await expectedRows(app, example);
  const actual = await app.readModels.query(example.metricsOf(1));
  return compareRows(expected, actual);
}

import { verifyProjection } from '../../src/cli/terminal/verify-projection.ts';
import { foldInterpreted } from '../../src/fold/oracle/fold-interpreted.ts';
import { compileProjection } from '../../src/projection/compile/compile-projection.ts';
import type { Reprise } from '../../src/reprise.ts';
import type { Example } from './example-app.ts';

/**
 * Differences between the stable view and the whole log folded the plain way, in words; empty when
 * they agree.
 */
export function differences(app: Reprise, example: Example): Promise<readonly string[]> {
  const projection = example.metricsOf(1);
  const plan = compileProjection(new projection());
  return verifyProjection(app, plan, foldInterpreted);
}

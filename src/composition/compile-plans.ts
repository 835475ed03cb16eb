import type { ProjectionClass, ResolvedConfig } from '../config/reprise-config.ts';
import { compileProjections } from '../projection/compile/compile-projection.ts';
import type { Plan } from '../projection/plan/plan.ts';
import type { Projection } from '../projection/plan/projection.ts';

/**
 * Compiles the plans of the configured projections, in the order of the configuration, without
 * opening anything. The container is loaded only if a class injects services: it loads all
 * adapters, which takes many times as long as compiling. @throws DEFINITION_INVALID
 */
export async function compilePlans(config: ResolvedConfig): Promise<readonly Plan[]> {
  const { projections } = config;
  if (projections.every(needsNoServices)) {
    return compileProjections(projections.map((each) => new each()));
  }
  const { createContainer } = await import('./container.ts');
  const { TOKENS } = await import('./tokens.ts');
  return createContainer(config).get(TOKENS.plans);
}

/**
 * Whether the container would call the constructor without arguments and set no property. The
 * decorators of inversify leave metadata on the class.
 */
function needsNoServices(declared: ProjectionClass): declared is new () => Projection {
  const { getMetadataKeys } = Reflect as {
    readonly getMetadataKeys?: (target: object) => readonly unknown[];
  };
  return declared.length === 0 && (getMetadataKeys?.(declared).length ?? 0) === 0;
}

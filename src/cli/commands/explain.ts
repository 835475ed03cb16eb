import type { Command } from 'commander';
import type { GlobalOptions } from '../terminal/with-app.ts';
import { compiledPlans, optionsOf } from '../terminal/with-app.ts';

/**
 * Adds `reprise explain [NAME]`: prints the plan of a projection, without opening a database or a
 * log.
 */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .argument('[name]', 'projection (default: all)')
    .description('show what a projection compiles to: fields read, tables, events published')
    .action(async (name: string | undefined, _local, command: Command) => {
      const options = optionsOf<GlobalOptions>(command);
      const plans = await compiledPlans(options, name);
      if (options.json) {
        const { planJson } = await import('../../projection/plan/shape-differences.ts');
        console.log(`[${plans.map(planJson).join(',')}]`);
      } else {
        const { explainPlan } = await import('../../projection/plan/explain-plan.ts');
        console.log(plans.map((plan) => text(explainPlan(plan))).join('\n\n'));
      }
    });
}

function text(parts: readonly (readonly [string, readonly string[]])[]): string {
  const width = Math.max(...parts.map(([label]) => label.length)) + 2;
  return parts
    .flatMap(([label, lines]) =>
      lines.map((line, i) => (i === 0 ? label : '').padEnd(width) + line),
    )
    .join('\n');
}

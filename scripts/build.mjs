/** `npm run build`: an empty dist, then what tsc makes of src and migrations. The layout below dist is the repository's own. */
import { rmSync } from 'node:fs';
import process from 'node:process';
import { runStep } from './run-step.mjs';

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true });
const { exitCode, output } = await runStep('tsc -p tsconfig.build.json');
process.stdout.write(output);
process.exit(exitCode);

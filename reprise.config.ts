import { defineConfig } from 'reprise';
import { userActions } from './example/user-actions.ts';
import { UserMetrics } from './projections/user-metrics.ts';
import { UserActed } from './schemas/index.ts';

export default defineConfig({
  projections: [UserMetrics],
  events: [UserActed],
  dev: { events: userActions, ratePerSecond: 200 },
});

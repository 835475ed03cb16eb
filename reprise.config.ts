import { defineConfig } from 'reprise';
import { siteEvents } from './example/site-events.ts';
import { AccountOverview } from './projections/account-overview.ts';
import { LoginFraud } from './projections/login-fraud.ts';
import { MetricAnomalies, MetricMinutes } from './projections/metric-anomalies.ts';
import { SessionAnalytics } from './projections/session-analytics.ts';
import { UserMetrics } from './projections/user-metrics.ts';
import * as events from './schemas/index.ts';

export default defineConfig({
  projections: [
    UserMetrics,
    SessionAnalytics,
    AccountOverview,
    LoginFraud,
    MetricMinutes,
    MetricAnomalies,
  ],
  events: Object.values(events),
  dev: { events: siteEvents, ratePerSecond: 200 },
});

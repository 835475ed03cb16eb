import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import {
  begin,
  columns,
  count,
  double,
  int,
  max,
  PatternProjection,
  quantile,
  SessionProjection,
  sum,
  TableProjection,
  text,
  timestamp,
  tumbling,
  WindowedProjection,
} from '../../src/index.ts';
import type { SoakEvents } from './soak-events.ts';

const orders = columns({
  device: text().primaryKey(),
  orders: int(),
  amount: double(),
  lastAt: timestamp(),
});

/**
 * Event time runs some twenty times as fast as the clock: what is published again after a
 * connection was cut is minutes late.
 */
const LATENESS = '2 minutes';

/**
 * A projection of every kind: windows, merged windows, sessions, a pattern with alerts, a table,
 * and sessions over two topics.
 */
export function soakProjections(events: SoakEvents): readonly ProjectionClass[] {
  return [...windowed(events), ...ofSessions(events), ...others(events)];
}

function windowed({ reading }: SoakEvents): readonly ProjectionClass[] {
  class SoakWindows extends WindowedProjection {
    readonly name: string = 'soak_windows';
    readonly version: number = 1;
    define() {
      return this.from(reading)
        .key('device')
        .window(tumbling('1 minute'), { lateness: '10 seconds' })
        .measure({
          readings: count(),
          total: sum('value'),
          highest: max('value'),
          p95: quantile('value', 0.95),
        });
    }
  }
  class SoakRegions extends WindowedProjection {
    readonly name: string = 'soak_regions';
    readonly version: number = 1;
    define() {
      return this.from(reading)
        .key('region')
        .window(tumbling('1 minute'), { lateness: '10 seconds' })
        .measure({ readings: count(), total: sum('value') });
    }
  }
  return [SoakWindows, SoakRegions];
}

function ofSessions({ reading, order }: SoakEvents): readonly ProjectionClass[] {
  class SoakSessions extends SessionProjection {
    readonly name: string = 'soak_sessions';
    readonly version: number = 1;
    define() {
      return this.from(reading)
        .key('device')
        .session({ gap: '20 seconds', lateness: '5 seconds' })
        .measure({ readings: count(), total: sum('value') });
    }
  }
  class SoakVisits extends SessionProjection {
    readonly name: string = 'soak_visits';
    readonly version: number = 1;
    define() {
      return this.from(reading, order)
        .key('device')
        .session({ gap: '20 seconds', lateness: LATENESS })
        .measure({ readings: count({ of: reading }), orders: count({ of: order }) });
    }
  }
  return [SoakSessions, SoakVisits];
}

function others({ reading, order, alarm }: SoakEvents): readonly ProjectionClass[] {
  class SoakPattern extends PatternProjection {
    readonly name: string = 'soak_pattern';
    readonly version: number = 1;
    define() {
      return this.from(reading)
        .key('device')
        .pattern(
          begin('high', { where: { kind: 'A', value: { gte: 990 } } })
            .followedBy('low', { where: { kind: 'B' } })
            .within('1 minute'),
          { lateness: LATENESS },
        )
        .row((m) => ({ highAt: m.high.at, lowAt: m.low.at }))
        .alert(alarm, (m) => ({ device: m.high.device, at: m.low.at }));
    }
  }
  class SoakOrders extends TableProjection {
    readonly name: string = 'soak_orders';
    readonly version: number = 1;
    define() {
      return this.table(orders)
        .key('device')
        .on(order, (row, event) => ({
          device: event.device,
          orders: (row?.orders ?? 0) + 1,
          amount: event.amount,
          lastAt: event.at,
        }));
    }
  }
  return [SoakPattern, SoakOrders];
}

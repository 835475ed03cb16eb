import type { UserActed } from '../../schemas/index.ts';
import type { ProjectionClass } from '../../src/config/reprise-config.ts';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { columns, text } from '../../src/projection/declare/columns.ts';
import { begin } from '../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';

/** The names of `everyKind`'s projections. */
export const KIND_NAMES = ['kind_windows', 'kind_sessions', 'kind_pattern', 'kind_table'] as const;

/**
 * A projection of each kind over what users do, each with a function of the user's own that folds
 * an event: `accepts` may throw.
 */
export function everyKind(
  event: EventDefinition<UserActed>,
  accepts: (event: UserActed) => boolean,
): readonly ProjectionClass[] {
  class Windows extends WindowedProjection {
    readonly name = KIND_NAMES[0];
    readonly version = 1;
    define() {
      return this.from(event)
        .key('userId')
        .where(accepts)
        .window(tumbling('1 minute'), { lateness: '10 seconds' })
        .measure({ events: count() });
    }
  }
  class Sessions extends SessionProjection {
    readonly name = KIND_NAMES[1];
    readonly version = 1;
    define() {
      return this.from(event)
        .key('userId')
        .where(accepts)
        .session({ gap: '5 seconds', lateness: '10 seconds' })
        .measure({ events: count() });
    }
  }
  class Pattern extends PatternProjection {
    readonly name = KIND_NAMES[2];
    readonly version = 1;
    define() {
      return this.from(event)
        .key('userId')
        .where(accepts)
        .pattern(
          begin('click', { where: { action: 'CLICK' } })
            .followedBy('purchase', { where: { action: 'PURCHASE' } })
            .within('5 seconds'),
          { lateness: '10 seconds' },
        )
        .row((match) => ({ clickedAt: match.click.occurredAt }));
    }
  }
  class Table extends TableProjection {
    readonly name = KIND_NAMES[3];
    readonly version = 1;
    define() {
      return this.table(columns({ userId: text().primaryKey(), action: text() }))
        .key('userId')
        .on(event, (row, acted) =>
          accepts(acted) ? { userId: acted.userId, action: acted.action } : row,
        );
    }
  }
  return [Windows, Sessions, Pattern, Table];
}

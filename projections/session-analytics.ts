import { aggregate, boolean, count, first, last, SessionProjection, sum } from 'reprise';
import { OrderPlaced, PageViewed } from '../schemas/index.ts';

/**
 * What visitors of a shop do in one sitting: pages, where they came in and went out, what they
 * bought. A sitting ends after half an hour of nothing.
 */
export class SessionAnalytics extends SessionProjection {
  readonly name: string = 'session_analytics';
  readonly version: number = 1;

  define() {
    return this.from(PageViewed, OrderPlaced)
      .key('visitorId')
      .session({ gap: '30 minutes', lateness: '10 seconds' })
      .measure({
        pages: count({ of: PageViewed }),
        entryPage: first('page'),
        exitPage: last('page'),
        orders: count({ of: OrderPlaced }),
        revenue: sum('amount'),
        converted: aggregate<PageViewed | OrderPlaced, boolean, boolean>({
          zero: false,
          add: (converted, event) => converted || 'orderId' in event,
          merge: (a, b) => a || b,
          result: (converted) => converted,
          column: boolean(),
        }),
      });
  }
}

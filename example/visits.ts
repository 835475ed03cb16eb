import { Decimal } from 'reprise';
import { OrderPlaced, PageViewed } from '../schemas/index.ts';
import type { Random } from './random.ts';
import { uuid } from './random.ts';

const VISITORS = 400;
const PAGES = ['/', '/search', '/shoes', '/shirts', '/basket', '/checkout', '/about'];

/** What one of 400 visitors of the shop does: looks at a page or, now and then, buys. */
export function visit(
  random: Random,
  timeMs: number,
  index: number,
):
  | { readonly event: typeof PageViewed; readonly value: PageViewed }
  | { readonly event: typeof OrderPlaced; readonly value: OrderPlaced } {
  const visitorId = `visitor-${String(Math.floor(random() * VISITORS)).padStart(4, '0')}`;
  const occurredAt = new Date(timeMs);
  if (random() < 0.95) {
    const page = PAGES[Math.floor(random() ** 2 * PAGES.length)] as string;
    return { event: PageViewed, value: { visitorId, page, occurredAt } };
  }
  const amount = new Decimal(BigInt(Math.floor(500 + random() ** 3 * 49_500)), 2);
  const orderId = uuid(random, index);
  return { event: OrderPlaced, value: { visitorId, orderId, amount, occurredAt } };
}

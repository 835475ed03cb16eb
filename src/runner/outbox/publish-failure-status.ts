export type { PublishFailureStatus } from '../store/outbox-store.ts';

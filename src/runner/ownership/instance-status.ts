export type { InstanceStatus } from '../store/instance-store.ts';

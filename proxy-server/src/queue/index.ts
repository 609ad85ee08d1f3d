export { QueueApi } from './queue-api.ts';
export { Queues } from './queues.ts';

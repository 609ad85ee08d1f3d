export type { Arrival } from './arrival.ts';
export { Edge } from './edge.ts';
export type { Names } from './names.ts';
export { publicUrls } from './public-urls.ts';
export { TrustedPeers } from './trusted-peers.ts';

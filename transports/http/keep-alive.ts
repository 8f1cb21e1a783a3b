/** Idle connections are kept this long, in ms: what fastify's own servers do. */
export const keepAliveMs = 72_000;

import moleculer from "moleculer";

/**
 * A Moleculer node as its documentation sets one up: no options but the transporter, and no log.
 *
 * Its own TCP has no broker; peers are named instead of found by UDP, so that nothing else in the network takes part.
 */
export function createNode(nodeID: "client" | "worker" | "web"): InstanceType<typeof moleculer.ServiceBroker> {
  const { NATS_PORT, REDIS_PORT, TCP_PORTS = "" } = process.env;
  const [client, worker, web] = TCP_PORTS.split(",");
  const urls = [`tcp://127.0.0.1:${client}/client`, `tcp://127.0.0.1:${worker}/worker`, `tcp://127.0.0.1:${web}/web`];
  const tcp = { type: "TCP", options: { udpDiscovery: false, urls } };
  return new moleculer.ServiceBroker({
    nodeID,
    logger: false,
    transporter: transporterOf(NATS_PORT, REDIS_PORT) ?? tcp,
  });
}

function transporterOf(nats: string | undefined, redis: string | undefined): string | undefined {
  if (nats !== undefined) return `nats://127.0.0.1:${nats}`;
  return redis === undefined ? undefined : `redis://127.0.0.1:${redis}`;
}

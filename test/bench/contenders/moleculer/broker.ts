import moleculer from "moleculer";

/** A Moleculer node over the transporter that the harness names: its own TCP without a broker, or NATS. */
export function createNode(nodeID: "client" | "worker" | "web"): InstanceType<typeof moleculer.ServiceBroker> {
  const { TRANSPORTER, NATS_PORT, TCP_PORTS = "" } = process.env;
  const [client, worker, web] = TCP_PORTS.split(",");
  const urls = [`tcp://127.0.0.1:${client}/client`, `tcp://127.0.0.1:${worker}/worker`, `tcp://127.0.0.1:${web}/web`];
  const tcp = { type: "TCP", options: { udpDiscovery: false, urls } };
  return new moleculer.ServiceBroker({
    nodeID,
    logger: false,
    transporter: TRANSPORTER === "NATS" ? `nats://127.0.0.1:${NATS_PORT}` : tcp,
  });
}

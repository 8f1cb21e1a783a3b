import proxy from "@fastify/http-proxy";
import fastify from "fastify";

const app = fastify();
await app.register(proxy, { upstream: `http://127.0.0.1:${process.env["UPSTREAM_PORT"]}` });
await app.listen({ host: "127.0.0.1", port: Number(process.env["HTTP_PORT"]) });
process.stdout.write("ready\n");

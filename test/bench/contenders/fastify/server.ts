import fastify from "fastify";

const app = fastify();
app.post("/hello", (request) => `"Hello, ${(request.body as string[])[0]}"`);
await app.listen({ host: "127.0.0.1", port: Number(process.env["HTTP_PORT"]) });
process.send?.("ready");

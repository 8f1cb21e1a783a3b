import fastify from "fastify";

const app = fastify();
app.post<{ Body: { name: string } }>("/hello", ({ body }) => Promise.resolve({ greeting: `Hello, ${body.name}` }));
await app.listen({ host: "127.0.0.1", port: Number(process.env["HTTP_PORT"]) });
process.stdout.write("ready\n");

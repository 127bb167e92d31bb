// The Node.js runtime's main module, /var/runtime/index.mjs.
import { register } from "node:module";

register("./esm-loader.mjs", import.meta.url);
const { run } = await import("/var/runtime/node_modules/aws-lambda-ric/dist/index.mjs");

await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);

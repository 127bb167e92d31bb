// The Node.js runtime's main module, /var/runtime/index.mjs.
import { run } from "/var/runtime/node_modules/aws-lambda-ric/dist/index.mjs";

await run(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);

"use strict";
// Takes the place of aws-lambda-ric's native addon, rapid-client.node, whose build needs a C++ tool chain and curl:
// the same three calls over the Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), in
// plain JavaScript. The addon posts synchronously; here the next poll waits for the post before it, which keeps the
// order the Runtime API asks for. A failed post fails that poll, and with it the runtime.

const http = require("node:http");

const api = new URL(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
// AWS refuses longer causes.
const XRAY_CAUSE_BYTES_MAX = 1024 * 1024;

let posted = Promise.resolve();

function call(method, path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(new URL(path, api), { method, agent, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ bodyJson: Buffer.concat(chunks).toString("utf8"), headers: response.headers }),
      );
    });
    request.setNoDelay(true);
    request.on("error", reject);
    request.end(body);
  });
}

function post(path, headers, text) {
  const body = Buffer.from(text, "utf8");
  const all = { "Content-Type": "application/json", "Content-Length": body.length, ...headers };
  posted = posted.then(() => call("POST", path, all, body));
  // Reported by the next poll; without this handler Node.js would end the process before it.
  posted.catch(() => {});
}

function errorType(json) {
  try {
    return JSON.parse(json).errorType || "Unhandled";
  } catch {
    return "Unhandled";
  }
}

exports.next = async () => {
  await posted;
  return call("GET", "next");
};

exports.done = (id, json) => post(`${id}/response`, {}, json);

exports.error = (id, json, xrayCause) => {
  const headers = { "Lambda-Runtime-Function-Error-Type": errorType(json) };
  if (xrayCause && xrayCause.length < XRAY_CAUSE_BYTES_MAX) {
    headers["Lambda-Runtime-Function-XRay-Error-Cause"] = xrayCause.replaceAll("\n", "");
  }
  post(`${id}/error`, headers, json);
};

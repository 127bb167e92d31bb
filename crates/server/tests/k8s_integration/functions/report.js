// Answers with the Pod it runs in, how many events that Pod has seen, and the event.
const os = require("node:os");

let count = 0;

exports.handler = async (event) => {
  count += 1;
  return { pod: os.hostname(), count, event };
};

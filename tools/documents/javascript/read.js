// Reads each file and prints its content as one line of JSON.
import { readFileSync } from "node:fs";
import { load } from "js-yaml";

for (const name of process.argv.slice(2)) {
  console.log(JSON.stringify(load(readFileSync(name, "utf8"))));
}

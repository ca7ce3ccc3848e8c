import { expect, it } from "vitest";
import { plainWords } from "../../../relay/channel/tls-words.ts";

const NO_PROTOCOL =
  "40D32C413E7F0000:error:0A000460:SSL routines:ssl3_read_bytes:tlsv1 alert no application protocol:" +
  "../deps/openssl/openssl/ssl/record/rec_layer_s3.c:918:SSL alert number 120\n";

it.each([
  [NO_PROTOCOL, "tlsv1 alert no application protocol"],
  [
    `No connection established. Last error: Error: ${NO_PROTOCOL}`,
    "No connection established. Last error: Error: tlsv1 alert no application protocol",
  ],
  ["connect ECONNREFUSED 127.0.0.1:3025", "connect ECONNREFUSED 127.0.0.1:3025"],
  ["two\n lines", "two lines"],
])("says %j as %j", (words, said) => {
  expect(plainWords(words)).toBe(said);
});

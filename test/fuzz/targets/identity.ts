/** Teleport's credentials: PEM, identity files and the three files of tctl, whole, broken and caught half-written. */
import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { IdentityError } from "../../../relay/identity/error.ts";
import { pemBlocksIn } from "../../../relay/identity/pem.ts";
import type { IdentitySource } from "../../../relay/identity/source.ts";
import { readIdentity } from "../../../relay/identity.ts";
import { Authority } from "../../fakes/teleport/authority.ts";
import { identityFileFor } from "../../fakes/teleport/identity-files.ts";
import { newFolder } from "../folder.ts";
import { property, type Target } from "../target.ts";
import { mutatedBytes, mutatedText } from "../values/bytes.ts";
import { hostileText } from "../values/text.ts";

/** Reads what lies there: it holds together, or there is a sentence that quotes nothing of it. */
async function reads(source: IdentitySource, contents: readonly Uint8Array[]): Promise<void> {
  const identity = await readIdentity(source, Date.now()).catch((error: unknown) => {
    assert(error instanceof IdentityError, `not an IdentityError: ${String(error)}`);
    const secrets = contents.flatMap(
      (bytes) =>
        Buffer.from(bytes)
          .toString("latin1")
          .match(/[A-Za-z0-9+/]{20,}/g) ?? [],
    );
    assert(
      secrets.every((secret) => !error.message.includes(secret)),
      "the message quotes the file",
    );
    return undefined;
  });
  if (identity === undefined) return;
  const certificate = new X509Certificate(identity.certificate);
  assert(certificate.checkPrivateKey(createPrivateKey(identity.key)));
  assert(identity.authorities.length > 0);
  for (const authority of identity.authorities) new X509Certificate(authority);
  assert(identity.notBeforeMs <= Date.now() && identity.expiresMs > Date.now());
}

export const identity: Target = {
  name: "identity",
  about: "PEM and Teleport's identity files",
  properties: async () => {
    const authority = await Authority.create("teleport.example.com", "ec");
    const [issued, other] = await Promise.all([
      authority.issueIdentity({ user: "access-plugin", roles: ["access-plugin"] }),
      authority.issueIdentity({ user: "mallory", roles: [] }),
    ]);
    const encoder = new TextEncoder();
    const bytesOf = (text: string): Uint8Array => Uint8Array.from(encoder.encode(text));
    const directory = newFolder();
    const write = (name: string, bytes: Uint8Array): string => {
      const file = join(directory, name);
      writeFileSync(file, bytes);
      return file;
    };
    const whole = [issued, { ...issued, certificate: other.certificate }, { ...issued, cas: issued.cas + other.cas }];
    return [
      property(
        "whatever is no PEM block is skipped, and a broken one is found",
        mutatedText([identityFileFor(issued)]),
        (text) => {
          const blocks = pemBlocksIn(text);
          for (const { label, text: block } of blocks ?? []) {
            assert(block.startsWith(`-----BEGIN ${label}-----\n`) && block.endsWith(`-----END ${label}-----\n`));
            assert.deepEqual(pemBlocksIn(block), [{ label, text: block }]);
          }
        },
      ),
      property("a file that was caught half-written never reads as whole", fc.nat({ max: 100_000 }), (at) => {
        const text = identityFileFor(issued);
        const cut = text.slice(0, at % text.length);
        const begun = cut.match(/^-----BEGIN [A-Z ]+-----$/gm)?.length ?? 0;
        const ended = cut.match(/^-----END [A-Z ]+-----$/gm)?.length ?? 0;
        if (begun > ended) assert.equal(pemBlocksIn(cut), undefined);
      }),
      property("whatever text there is between blocks, changes nothing", hostileText, (text) => {
        if (/-----(?:BEGIN|END)/.test(text)) return;
        const between = `${text}\n`;
        assert.deepEqual(
          pemBlocksIn(`${between}${issued.key}${between}${issued.certificate}${between}`),
          pemBlocksIn(`${issued.key}${issued.certificate}`),
        );
      }),
      property(
        "an identity file holds together, or there is a sentence that quotes nothing of it",
        mutatedBytes(whole.map((each) => bytesOf(identityFileFor(each)))),
        (bytes) => reads({ kind: "identity_file", file: write("identity", bytes) }, [bytes]),
        { cost: 20 },
      ),
      property(
        "three files hold together, or there is a sentence that quotes nothing of them",
        fc.tuple(
          mutatedBytes([bytesOf(issued.certificate), bytesOf(other.certificate)], 2),
          mutatedBytes([bytesOf(issued.key)], 1),
          mutatedBytes([bytesOf(issued.cas)], 1),
        ),
        ([certificate, key, cas]) => {
          const source: IdentitySource = {
            kind: "files",
            certificateFile: write("auth.crt", certificate),
            keyFile: write("auth.key", key),
            authoritiesFile: write("auth.cas", cas),
          };
          return reads(source, [certificate, key, cas]);
        },
        { cost: 20 },
      ),
    ];
  },
};

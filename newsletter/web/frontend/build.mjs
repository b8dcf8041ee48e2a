// Bundles what lies in src into the folder given: each script and style sheet there becomes one file of the same
// name, with everything it imports inside, because a page asks for a file by the digest of its content.
// Beside them NOTICES.txt: the licences of all packages that went in.

import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const out = process.argv[2];

const names = (await readdir(join(here, "src"))).filter((name) => /\.(js|css)$/.test(name)).sort();

await rm(out, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: names.map((name) => join("src", name)),
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark()
  minify: true,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
});
await writeFile(join(out, "NOTICES.txt"), await notices(packagesOf(metafile)));

function packagesOf(metafile) {
  const used = Object.keys(metafile.inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(used.filter(Boolean))].sort();
}

async function notices(packages) {
  const parts = ["These packages are part of the scripts beside this file. Each is used under its licence.\n"];
  for (const name of packages) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
    if (!file) throw new Error(`${name} ${version} ships no licence text; find another package`);
    parts.push(`${name} ${version} (${license})\n\n${(await readFile(join(folder, file), "utf8")).trim()}\n`);
  }
  return parts.join(`\n${"-".repeat(80)}\n\n`);
}

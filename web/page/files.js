// Files that somebody chose or dropped, as `{ name, files: [{ path, file }] }`.

/** More files than any package has: the wrong folder was dropped. */
const MOST = 4096;

/** What was chosen with an input. */
export function chosen(input) {
  const files = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  if (files.length > MOST) throw new Error(`these are ${files.length} files, which is more than a model has`);
  return { name: files[0]?.path.split("/")[0] ?? "", files };
}

/** What was dropped: folders are walked. To be called before anything else is waited for. */
export async function dropped(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry());
  const files = [];
  for (const entry of entries.filter(Boolean)) await walk(entry, files);
  return { name: entries.find(Boolean)?.name ?? "", files };
}

async function walk(entry, files) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    files.push({ path: entry.fullPath.replace(/^\//, ""), file });
    if (files.length > MOST) throw new Error(`there are more than ${MOST} files in it, which is more than a model has`);
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // Gives some at a time, and none at the end.
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const inner of some) await walk(inner, files);
  }
}

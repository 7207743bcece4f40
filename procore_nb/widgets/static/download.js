// A file that is received in parts over the widget's channel, joined here and given to the browser to save.
function downloads(model, viewId, report) {
  let file = null;
  const request = (part) => sendTo(model, { kind: "part", from: viewId, file: file.number, part, last: part === file.parts - 1 });

  async function save() {
    const packed = new Blob(file.pieces);
    const blob = await new Response(packed.stream().pipeThrough(new DecompressionStream("gzip"))).blob();
    const link = make("a");
    link.href = URL.createObjectURL(blob);
    link.download = file.name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    const size = blob.size < 1e6 ? `${Math.max(1, Math.round(blob.size / 1e3))} kB` : `${(blob.size / 1e6).toFixed(1)} MB`;
    report(`Downloaded ${file.name} (${size}): ${file.holds}`, file.holds.includes("Partial"));
    file = null;
  }

  return {
    start(as) {
      report(`Making the ${as === "csv" ? "CSV" : "Excel"} file …`);
      sendTo(model, { kind: "download", from: viewId, as });
    },
    receive(message, buffers) {
      if (message.kind === "file") {
        file = { number: message.file, name: message.name, parts: message.parts, holds: message.holds, pieces: [] };
        request(0);
      } else if (message.kind === "part" && file && message.file === file.number && message.part === file.pieces.length) {
        file.pieces.push(buffers[0]);
        if (file.pieces.length === file.parts) save().catch((error) => report(`The file could not be saved: ${error.message}`, true));
        else { report(`Fetching ${file.name}: ${Math.round((100 * file.pieces.length) / file.parts)} %`); request(file.pieces.length); }
      } else if (message.kind === "error") {
        report(message.text, true);
      }
    },
  };
}

// A file that arrives in parts over the widget's channel, put together here and handed to the browser to save.
function downloads(model, viewId, say) {
  let file = null;
  const ask = (part) => speak(model, { kind: "part", from: viewId, file: file.number, part, last: part === file.parts - 1 });

  async function save() {
    let blob = new Blob(file.pieces);
    if (file.zipped) blob = await new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).blob();
    const link = make("a");
    link.href = URL.createObjectURL(blob);
    link.download = file.name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    say(`${file.name} is with the browser (${(blob.size / 1e6).toFixed(blob.size > 1e6 ? 1 : 3)} MB).`);
    file = null;
  }

  return {
    start(as) {
      say(`Making the ${as === "csv" ? "CSV" : "Excel"} file …`);
      speak(model, { kind: "download", from: viewId, as });
    },
    hear(message, buffers) {
      if (message.kind === "file") {
        file = { number: message.file, name: message.name, parts: message.parts, zipped: message.zipped, pieces: [] };
        ask(0);
      } else if (message.kind === "part" && file && message.file === file.number && message.part === file.pieces.length) {
        file.pieces.push(buffers[0]);
        if (file.pieces.length === file.parts) save().catch((error) => say(`The file could not be saved: ${error.message}`, true));
        else { say(`Fetching ${file.name}: ${Math.round((100 * file.pieces.length) / file.parts)} %`); ask(file.pieces.length); }
      } else if (message.kind === "trouble") {
        say(message.text, true);
      }
    },
  };
}

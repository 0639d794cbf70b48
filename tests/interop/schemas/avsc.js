// A pair of Avro schemas a line, {"original","update"}; answers whether the second reads the first, as avsc has it.
const avro = require('avsc');
const lines = require('readline').createInterface({input: process.stdin});
lines.on('line', line => {
  const pair = JSON.parse(line);
  try {
    const options = () => ({registry: {}});
    const writer = avro.Type.forSchema(JSON.parse(pair.original), options());
    const reader = avro.Type.forSchema(JSON.parse(pair.update), options());
    try {
      reader.createResolver(writer, {ignoreNamespaces: true});
      console.log(JSON.stringify({compatible: true}));
    } catch (e) {
      console.log(JSON.stringify({compatible: false, why: String(e.message)}));
    }
  } catch (e) {
    console.log(JSON.stringify({error: String(e.message)}));
  }
});

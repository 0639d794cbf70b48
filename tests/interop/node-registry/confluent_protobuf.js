// @confluentinc/schemaregistry's Protobuf codec beside another program's: `write` prints an order and one of its lines as
// hexadecimal, `read ORDER LINE` looks at the other's. DESCRIPTORS is a file that protoc made of the schemas in PROTOS.
//
// The codec exchanges schemas as descriptors. With a registry that takes and gives them as text alone they are translated
// on the way; what is written before the messages, and the messages, are the codec's own either way.
const assert = require('node:assert')
const fs = require('node:fs')
const { create, createFileRegistry, createMutableRegistry, fromBinary, toBinary } = require('@bufbuild/protobuf')
const { FileDescriptorProtoSchema, FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt')
const { SchemaRegistryClient, ProtobufSerializer, ProtobufDeserializer, SerdeType } = require('@confluentinc/schemaregistry')

const { PREFIX, REGISTRY, DESCRIPTORS, PROTOS } = process.env
const client = new SchemaRegistryClient({ baseURLs: [REGISTRY], cacheCapacity: 100, cacheLatestTtlSecs: 1 })
const set = fromBinary(FileDescriptorSetSchema, fs.readFileSync(DESCRIPTORS))
const files = createFileRegistry(set)
const [order, line] = ['shop.Order', 'shop.Order.Line'].map((name) => files.getMessage(name))
const value = {
  id: 7n, state: 1, tags: { gift: 'yes' }, lines: [create(line, { item: 'tea', count: 2 })],
  price: create(files.getMessage('money.Price'), { cents: 450n, currency: 1 }),
  placed: create(files.getMessage('google.protobuf.Timestamp'), { seconds: 1700000000n }),
}

const described = (file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)).toString('base64')

const isText = (info) => info.schema.includes('syntax = ')

// The client's calls lead to each other, so what is translated already is left alone.
function asText(info) {
  if (isText(info)) return info
  const { name } = fromBinary(FileDescriptorProtoSchema, Buffer.from(info.schema, 'base64'))
  return { ...info, schema: fs.readFileSync(`${PROTOS}/${name}`, 'utf8') }
}

function asDescriptor(info) {
  if (!isText(info)) return info
  const holds = (f) => [...f.messageType, ...f.enumType].every((type) => new RegExp(`(message|enum) ${type.name} `).test(info.schema))
  return { ...info, schema: described(set.file.find((f) => info.schema.includes(`package ${f.package};`) && holds(f))) }
}

async function translate() {
  const { schema } = await (await fetch(`${REGISTRY}/schemas/ids/1?format=serialized`)).json()
  if (!schema.startsWith('syntax')) return
  for (const name of ['register', 'registerFullResponse', 'getId', 'getIdFullResponse', 'getVersion']) {
    const real = client[name].bind(client)
    client[name] = (subject, info, ...more) => real(subject, asText(info), ...more)
  }
  for (const name of ['getBySubjectAndId', 'getSchemaMetadata']) {
    const real = client[name].bind(client)
    client[name] = async (...all) => asDescriptor(await real(...all))
  }
}

const actions = {
  async write() {
    const serializer = new ProtobufSerializer(client, SerdeType.VALUE, { registry: createMutableRegistry(order, line), autoRegisterSchemas: true })
    const print = async (topic, message) => console.log((await serializer.serialize(topic, message)).toString('hex'))
    await print(`${PREFIX}-node`, create(order, value))
    await print(`${PREFIX}-node-lines`, value.lines[0])
  },
  async read(...hex) {
    const deserializer = new ProtobufDeserializer(client, SerdeType.VALUE, {})
    const [gotOrder, gotLine] = await Promise.all(hex.map((h, i) =>
      deserializer.deserialize(`${PREFIX}-cpp${i ? '-lines' : ''}`, Buffer.from(h, 'hex'))))
    assert.strictEqual(gotOrder.$typeName, 'shop.Order')
    assert.strictEqual(gotLine.$typeName, 'shop.Order.Line')
    assert.deepStrictEqual([gotOrder.id, gotOrder.state, { ...gotOrder.tags }, gotOrder.price.cents, gotOrder.price.currency, gotOrder.placed.seconds],
      [7n, 1, { gift: 'yes' }, 450n, 1, 1700000000n])
    for (const got of [gotLine, gotOrder.lines[0]]) assert.deepStrictEqual([got.item, got.count], ['tea', 2])
  },
}

translate().then(() => actions[process.argv[2]](...process.argv.slice(3))).then(() => process.exit(0), (error) => {
  console.error(`FAILED: ${error.stack}`)
  process.exit(1)
})

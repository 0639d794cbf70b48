// @confluentinc/schemaregistry's Protobuf codec beside another program's: `write` prints an order and one of its lines as
// hexadecimal, `read ORDER LINE` looks at the other's. DESCRIPTORS is a file that protoc made of the schemas.
//
// The codec exchanges schemas as descriptors. For the references of a reference it forgets to say so (1.10.1), and would read
// a text as a descriptor, whatever the registry; here it is made to ask as it does for the first ones.
const assert = require('node:assert')
const fs = require('node:fs')
const { create, createFileRegistry, createMutableRegistry, fromBinary } = require('@bufbuild/protobuf')
const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt')
const { SchemaRegistryClient, ProtobufSerializer, ProtobufDeserializer, SerdeType } = require('@confluentinc/schemaregistry')

const { PREFIX, REGISTRY, DESCRIPTORS } = process.env
const client = new SchemaRegistryClient({ baseURLs: [REGISTRY], cacheCapacity: 100, cacheLatestTtlSecs: 1 })
const set = fromBinary(FileDescriptorSetSchema, fs.readFileSync(DESCRIPTORS))
const files = createFileRegistry(set)
const [order, line] = ['shop.Order', 'shop.Order.Line'].map((name) => files.getMessage(name))
const value = {
  id: 7n, state: 1, tags: { gift: 'yes' }, lines: [create(line, { item: 'tea', count: 2 })],
  price: create(files.getMessage('money.Price'), { cents: 450n, currency: 1 }),
  placed: create(files.getMessage('google.protobuf.Timestamp'), { seconds: 1700000000n }),
}

const getSchemaMetadata = client.getSchemaMetadata.bind(client)
client.getSchemaMetadata = (subject, version, deleted, format = 'serialized') => getSchemaMetadata(subject, version, deleted, format)

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

actions[process.argv[2]](...process.argv.slice(3)).then(() => process.exit(0), (error) => {
  console.error(`FAILED: ${error.stack}`)
  process.exit(1)
})

// @confluentinc/schemaregistry, Confluent's own client: its serializers register what they write and find what they read.
const assert = require('node:assert')
const {
  SchemaRegistryClient, AvroSerializer, AvroDeserializer, JsonSerializer, JsonDeserializer, SerdeType, Compatibility,
} = require('@confluentinc/schemaregistry')

const { PREFIX, REGISTRY } = process.env
const client = new SchemaRegistryClient({ baseURLs: [REGISTRY], cacheCapacity: 100, cacheLatestTtlSecs: 1 })
const user = (...more) => JSON.stringify({
  type: 'record', name: 'User', fields: [{ name: 'id', type: 'int' }, { name: 'name', type: 'string' }, ...more],
})

async function roundTrip(topic, schemaType, schema, value, Serializer, Deserializer) {
  const id = await client.register(`${topic}-value`, { schemaType, schema })
  const serializer = new Serializer(client, SerdeType.VALUE, { useLatestVersion: true })
  const bytes = await serializer.serialize(topic, value)
  assert.strictEqual(bytes.readInt8(0), 0)
  assert.strictEqual(bytes.readInt32BE(1), id)
  const got = await new Deserializer(client, SerdeType.VALUE, {}).deserialize(topic, bytes)
  assert.deepStrictEqual({ ...got }, value)
}

const cases = {
  avro: () => roundTrip(`${PREFIX}-users`, 'AVRO', user(), { id: 1, name: 'Ada' }, AvroSerializer, AvroDeserializer),
  json: () => roundTrip(`${PREFIX}-orders`, 'JSON', JSON.stringify({ type: 'object', properties: { id: { type: 'integer' } } }),
    { id: 7 }, JsonSerializer, JsonDeserializer),
  async evolve() {
    const subject = `${PREFIX}-evolving-value`
    const first = { schemaType: 'AVRO', schema: user() }
    const id = await client.register(subject, first)
    assert.strictEqual((await client.getBySubjectAndId(subject, id)).schema, first.schema)
    const breaking = { schemaType: 'AVRO', schema: user({ name: 'age', type: 'int' }) }
    assert.strictEqual(await client.testSubjectCompatibility(subject, breaking), false)
    await assert.rejects(client.register(subject, breaking), (error) => error.status === 409 || /409/.test(String(error)))
    await client.updateCompatibility(subject, Compatibility.NONE)
    assert.strictEqual(await client.getCompatibility(subject), 'NONE')
    await client.register(subject, breaking)
    assert.deepStrictEqual(await client.getAllVersions(subject), [1, 2])
    assert.strictEqual((await client.getLatestSchemaMetadata(subject)).version, 2)
    assert.strictEqual(await client.getVersion(subject, first), 1)
    assert.ok((await client.getAllSubjects()).includes(subject))
    assert.deepStrictEqual(await client.deleteSubject(subject), [1, 2])
    assert.deepStrictEqual(await client.deleteSubject(subject, true), [1, 2])
  },
}

cases[process.argv[2]]().then(() => process.exit(0), (error) => {
  console.error(`FAILED: ${error.stack}`)
  process.exit(1)
})

// @kafkajs/confluent-schema-registry: registers, evolves, writes records with kafkajs and reads them back.
const assert = require('node:assert')
const { Kafka, logLevel } = require('kafkajs')
const { SchemaRegistry, SchemaType, COMPATIBILITY } = require('@kafkajs/confluent-schema-registry')

const { BOOTSTRAP, PREFIX, REGISTRY } = process.env
const registry = new SchemaRegistry({ host: REGISTRY })
const kafka = new Kafka({ brokers: [BOOTSTRAP], logLevel: logLevel.ERROR })

const user = (...more) => ({
  type: 'record', name: 'User', namespace: PREFIX.replace(/[^a-z]/gi, '_'),
  fields: [{ name: 'id', type: 'long' }, { name: 'name', type: 'string' }, ...more],
})
const avro = (schema) => ({ type: SchemaType.AVRO, schema: JSON.stringify(schema) })

async function roundTrip(topic, id, value) {
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ key: 'k', value: await registry.encode(id, value) }] })
  await producer.disconnect()
  const consumer = kafka.consumer({ groupId: `${topic}-group` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const got = await new Promise((resolve, reject) => consumer.run({
    eachMessage: async ({ message }) => registry.decode(message.value).then(resolve, reject),
  }))
  await consumer.disconnect()
  return got
}

const cases = {
  async avro() {
    const subject = `${PREFIX}-users-value`
    const { id } = await registry.register(avro(user()), { subject, compatibility: COMPATIBILITY.BACKWARD })
    assert.strictEqual((await registry.register(avro(user()), { subject })).id, id)
    await assert.rejects(registry.register(avro(user({ name: 'age', type: 'int' })), { subject }), /incompatible/)
    const second = await registry.register(avro(user({ name: 'age', type: 'int', default: 0 })), { subject })
    assert.notStrictEqual(second.id, id)
    assert.strictEqual(await registry.getLatestSchemaId(subject), second.id)
    const got = await roundTrip(`${PREFIX}-users`, id, { id: 1, name: 'Ada' })
    assert.deepStrictEqual({ ...got }, { id: 1, name: 'Ada' })
  },
  async json() {
    const schema = JSON.stringify({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] })
    const { id } = await registry.register({ type: SchemaType.JSON, schema }, { subject: `${PREFIX}-orders-value` })
    assert.deepStrictEqual(await roundTrip(`${PREFIX}-orders`, id, { id: 7 }), { id: 7 })
  },
  async protobuf() {
    const schema = 'syntax = "proto3"; package shop; message Payment { int32 id = 1; string note = 2; }'
    const { id } = await registry.register({ type: SchemaType.PROTOBUF, schema }, { subject: `${PREFIX}-payments-value` })
    const got = await roundTrip(`${PREFIX}-payments`, id, { id: 7, note: 'paid' })
    assert.deepStrictEqual({ ...got }, { id: 7, note: 'paid' })
  },
}

cases[process.argv[2]]().then(() => process.exit(0), (error) => {
  console.error(`FAILED: ${error.stack}`)
  process.exit(1)
})
